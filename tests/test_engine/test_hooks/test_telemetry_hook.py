"""What telemetry logs is what a pencil gives, and costs training nothing."""

import json
import math
from pathlib import Path
from types import SimpleNamespace

import pytest
import stock_models
import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner
from small_training import small_training
from torch import nn

from mmvmtl.engine.hooks.telemetry_hook import TelemetryHook, report
from mmvmtl.errors import UserError
from mmvmtl.registry import MODELS
from mmvmtl.task_graph import Observed, named_parameters


@MODELS.register_module(force=True)
class TwoLines(Observed, BaseModel):
    r"""f = w x; losses f · (1, 0) and 2 f · (-1, 1), weighed 1 and 3."""

    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(1, 2, bias=False)
        self.head = nn.Linear(1, 1)

    def forward(self, inputs, data_samples=None, mode='loss'):
        feats = self.backbone(torch.ones(1, 1)).flatten()
        losses = torch.stack([feats[0], 2 * (feats[1] - feats[0])])
        losses = losses + self.head(torch.ones(1)) * 0
        total = losses @ torch.tensor([1.0, 3.0])
        active = torch.tensor([True, True])
        self.tell_observer(('a', 'b'), losses, active, total)
        return dict(loss=total)


def rows(work_dir):
    (path,) = Path(work_dir).glob('*/vis_data/scalars.json')
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [line for line in lines if any('telemetry' in k for k in line)]


def train(cfg, interval, **hook):
    if interval:
        cfg.custom_hooks = [
            *cfg.get('custom_hooks', []),
            dict(type='mmvmtl.TelemetryHook', interval=interval, **hook),
        ]
    cfg.experiment_name = str(cfg.work_dir)
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


def test_cosine_norm_and_weight_by_hand(tmp_path):
    """g_a = (1, 0), g_b = 2 (-1, 1): norms 1, √8, cosine -1/√2."""
    cfg = stock_models.run_cfg(dict(type='mmvmtl.TwoLines'), tmp_path)
    train(cfg, 2)
    (row,) = rows(tmp_path)
    assert row['step'] == 2
    assert row['telemetry.grad_norm_a'] == pytest.approx(1)
    assert row['telemetry.grad_norm_b'] == pytest.approx(math.sqrt(8))
    assert row['telemetry.cos_a_b'] == pytest.approx(-math.sqrt(0.5))
    assert row['telemetry.weight_a'] == 1
    assert row['telemetry.weight_b'] == 3
    assert math.isfinite(row['telemetry.loss_a'])
    named = {k for k in row if 'loss' in k}
    assert named == {'telemetry.loss_a', 'telemetry.loss_b'}


@pytest.fixture(scope='module')
def ours(tmp_path_factory):
    """Our detector after an epoch, watched at every iteration and never."""
    folder = tmp_path_factory.mktemp('ours')
    runs = []
    for interval in (1, 0):
        cfg = small_training(folder / str(interval), 1)
        cfg.merge_from_dict(
            dict(val_dataloader=None, val_cfg=None, val_evaluator=None)
        )
        runs.append(train(cfg, interval))
    return runs


def test_training_is_the_same_to_the_bit(ours):
    watched, alone = (runner.model.state_dict() for runner in ours)
    for name, value in alone.items():
        assert torch.equal(value, watched[name]), name


def test_every_task_of_our_detector_is_logged(ours):
    seen = rows(ours[0].work_dir)
    assert [row['step'] for row in seen] == [1, 2]
    for row in seen:
        for task in ('det', 'cls', 'track'):
            assert row[f'telemetry.grad_norm_{task}'] > 0
        # The head of clip labels stands behind the tracking head.
        assert abs(row['telemetry.cos_det_track']) <= 1
        assert row['telemetry.weight_cls'] == pytest.approx(0.1)


def test_nothing_stays_on_the_model(ours):
    """A copy, as EMA makes it, must not take a Runner along."""
    assert ours[0].model.observer is None


def test_a_wrapped_stock_model_is_watched(tmp_path):
    model = dict(
        type='mmvmtl.MTLWrapper',
        model=stock_models.retinanet(),
        tasks=dict(cls=['loss_cls'], box=['loss_bbox']),
    )
    train(stock_models.run_cfg(model, tmp_path), 1, parameters=['neck'])
    first, _ = rows(tmp_path)
    assert 0 < abs(first['telemetry.cos_cls_box']) <= 1


def test_a_task_without_labels_is_left_out():
    found = report(
        ('a', 'b', 'c'),
        torch.tensor([True, False, True]),
        torch.ones(2, 3),
        torch.tensor([[1.0, 2.0], [0.0, 0.0], [0.0, 0.0]]),
    )
    assert 'telemetry.loss_b' not in found
    # No direction, no cosine.
    assert not [key for key in found if '/cos_' in key]
    assert found['telemetry.grad_norm_c'] == 0


def test_a_gradient_that_overflows_is_left_out():
    found = report(
        ('a', 'b'),
        torch.ones(2).bool(),
        torch.ones(2, 2),
        torch.tensor([[1.0, 2.0], [torch.inf, 0.0]]),
    )
    assert 'telemetry.grad_norm_b' not in found
    assert not [key for key in found if '/cos_' in key]
    assert 'telemetry.grad_norm_a' in found


@pytest.mark.parametrize('half', [torch.float16, torch.bfloat16])
def test_autocast_leaves_norms_and_cosines_alone(half):
    """(300, 400), (300, -400): norms 500, cosine -7/25 = -0.28."""
    gradients = torch.tensor([[300.0, 400.0], [300.0, -400.0]])
    with torch.autocast('cpu', dtype=half):
        found = report(
            ('a', 'b'), torch.ones(2).bool(), torch.ones(2, 2), gradients
        )
    assert found['telemetry.grad_norm_a'] == pytest.approx(500)
    assert found['telemetry.cos_a_b'] == pytest.approx(-0.28)


def test_a_model_without_tasks_is_refused(tmp_path):
    cfg = stock_models.run_cfg(stock_models.retinanet(), tmp_path)
    with pytest.raises(UserError, match='RetinaNet has no named tasks'):
        train(cfg, 1)


def test_a_model_with_tasks_inside_another_is_refused():
    class Outer(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.detector = MODELS.build(dict(type='mmvmtl.TwoLines'))

    with pytest.raises(UserError, match='can not look into Outer'):
        TelemetryHook().before_train(SimpleNamespace(model=Outer()))


def test_a_name_that_matches_nothing_has_near_ones():
    model = MODELS.build(dict(type='mmvmtl.TwoLines'))
    with pytest.raises(UserError, match=r"'bakbone' .*near are backbone"):
        named_parameters(model, ['bakbone'])


def test_frozen_parameters_are_not_measured():
    model = MODELS.build(dict(type='mmvmtl.TwoLines'))
    assert list(named_parameters(model)) == ['backbone.weight']
    assert list(named_parameters(model, ['head.*'])) == [
        'head.weight',
        'head.bias',
    ]
    model.backbone.requires_grad_(False)
    assert not named_parameters(model)


def test_the_default_looks_every_fifty_iterations():
    assert TelemetryHook().interval == 50
