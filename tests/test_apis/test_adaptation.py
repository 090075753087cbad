"""Adapting to a few frames, and the statistics of many episodes."""

import copy

import numpy as np
import pytest
import torch
from small_model import build_model, small_model_cfg
from small_training import SIZE, dataset

from mmvmtl.apis.adaptation import (
    Adaptation,
    adapt,
    best_rate,
    compare,
    interval,
    load_for_adaptation,
    score_episodes,
    take_shots,
)
from mmvmtl.datasets import EpisodeDataset, SyntheticVideoDataset
from mmvmtl.errors import UserError

HEAD = ('head.heads.det.bbox_head.rtm_cls',)


@pytest.fixture(scope='module')
def model():
    cfg = small_model_cfg(SIZE)
    cfg.head.heads.cls = cfg.head.heads.track = None
    cfg.loss.weights = dict(det=1.0)
    cfg.tracker = None
    model = build_model(cfg)
    for conv in model.head.heads['det'].bbox_head.rtm_reg:
        torch.nn.init.ones_(conv.bias)
    return model.eval()


@pytest.fixture(scope='module')
def frames():
    config = dataset('train', 6, clip=dict(length=1))
    config.pop('type')
    return SyntheticVideoDataset(**config)


def test_adapting_moves_the_named_parts_alone(model, frames):
    own = copy.deepcopy(model)
    data = take_shots(frames, 3)
    adapt(own, data, Adaptation(lr=0.1, steps=2, parts=HEAD))
    before = model.state_dict()
    moved = {
        name
        for name, value in own.state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert moved and all(name.startswith(HEAD[0]) for name in moved)
    assert not own.training


def test_no_steps_change_nothing(model, frames):
    own = copy.deepcopy(model)
    adapt(own, take_shots(frames, 1), Adaptation(0.1, 0))
    for name, value in own.state_dict().items():
        assert torch.equal(value, model.state_dict()[name])


def test_shots_are_drawn_without_replacement(frames):
    shots = take_shots(frames, 6)
    videos = {sample.video_id for sample in shots['data_samples']}
    assert len(videos) == 6
    with pytest.raises(UserError, match='the data set has 6'):
        take_shots(frames, 7)


def test_every_episode_begins_with_the_same_model(model):
    episodes = EpisodeDataset(
        dict(day=dataset('train', 6, clip=dict(length=1))), 2, 2, 3
    )
    before = copy.deepcopy(model.state_dict())
    how = Adaptation(0.1, 1, HEAD)
    one = score_episodes(model, episodes, [0, 1], how)
    other = score_episodes(model, episodes, [1], how)
    assert one.shape == (2,) and ((one >= 0) & (one <= 1)).all()
    assert one[1] == other[0]
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
    # Too wild a rate makes everything NaN or worse.
    rates = [1e6, 0.0]
    assert best_rate(model, episodes, [0], how, rates) in rates


def test_interval_by_hand():
    """(1, 2, 3): mean 2, s = 1, t(2) = 4.3027, half 4.3027 / sqrt(3)."""
    row = interval(np.array([1.0, 2.0, 3.0]))
    assert row['mean'] == 2
    assert row['high'] - 2 == pytest.approx(2.4842, abs=1e-4)
    assert row['low'] == pytest.approx(2 - 2.4842, abs=1e-4)


def test_differences_are_paired_by_episode():
    """Scores spread far, their difference is 0.1 everywhere."""
    base = np.array([0.1, 0.5, 0.9])
    rows = compare(dict(meta=base + 0.1, plain=base))
    assert list(rows) == ['meta', 'plain', 'meta - plain']
    paired = rows['meta - plain']
    assert paired['low'] == pytest.approx(0.1)
    assert rows['meta']['low'] < rows['plain']['high']


def test_one_episode_has_no_interval():
    with pytest.raises(UserError, match='at least 2'):
        interval(np.array([1.0]))


@pytest.mark.parametrize('change', ['shape', 'missing', 'extra'])
def test_another_architecture_is_refused(change, model, tmp_path):
    weights = dict(model.state_dict())
    name = next(iter(weights))
    if change == 'shape':
        weights[name] = weights[name][:1]
    elif change == 'missing':
        weights.pop(name)
    else:
        weights['more'] = torch.ones(1)
    path = tmp_path / 'other.pth'
    torch.save(dict(state_dict=weights), path)
    with pytest.raises(UserError, match='another architecture') as error:
        load_for_adaptation(model, str(path))
    assert '\n' not in str(error.value)
