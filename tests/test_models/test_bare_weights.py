"""A checkpoint of a bare model, loaded into what is built around it."""

import copy

import pytest
import torch
from mmengine.runner import load_state_dict
from small_model import build_model, small_model_cfg

from mmvmtl.models.bare_weights import give_bare_weights
from mmvmtl.registry import MODELS


def around(kind):
    """A small detector inside something, and where its weights stand."""
    cfg = small_model_cfg()
    if kind == 'mixstyle':
        cfg.backbone = dict(
            type='mmvmtl.MixStyleBackbone',
            backbone=cfg.backbone,
            layers=('stage1',),
        )
        return cfg, 'backbone.backbone.'
    if kind == 'teacher':
        return dict(type='mmvmtl.MeanTeacher', detector=cfg), 'teacher.'
    domain = dict(
        type='mmvmtl.DomainAdversary',
        domains=('day', 'fog'),
        image=dict(in_channels=16, level=0),
    )
    if kind == 'mldg':
        wrapper = dict(type='mmvmtl.MLDG', domains=('day', 'fog'))
    else:
        wrapper = dict(type='mmvmtl.DomainAdaptiveDetector', domain=domain)
    return dict(wrapper, detector=cfg), 'detector.'


@pytest.mark.parametrize('kind', ['mixstyle', 'teacher', 'mldg', 'adaptive'])
def test_bare_weights_and_own_ones_load(kind):
    bare = build_model(small_model_cfg())
    weights = {k: v.clone() for k, v in bare.state_dict().items()}
    for value in weights.values():
        if value.is_floating_point():
            value.add_(1)
    cfg, prefix = around(kind)
    model = MODELS.build(cfg)
    load_state_dict(model, copy.deepcopy(weights), strict=False)
    found = model.state_dict()
    inner = prefix.removeprefix('backbone.') if kind == 'mixstyle' else prefix
    for name, value in weights.items():
        if kind == 'mixstyle':
            name = name.replace('backbone.', f'backbone.{inner}', 1)
        else:
            name = prefix + name
        assert torch.equal(found[name], value), name
    # Its own state dict loads as it is.
    again = MODELS.build(cfg)
    load_state_dict(again, found, strict=True)
    assert all(torch.equal(v, found[k]) for k, v in again.state_dict().items())


def test_parts_that_are_named_are_left_alone():
    state = {'m.a.w': 1, 'm.x': 2, 'other': 3}
    give_bare_weights(state, 'm.', ('a', 'b'))
    assert state == {'m.a.w': 1, 'm.x': 2, 'other': 3}
    state = {'m.w': 1, 'other': 3}
    give_bare_weights(state, 'm.', ('a', 'b'))
    assert state == {'m.a.w': 1, 'm.b.w': 1, 'other': 3}
