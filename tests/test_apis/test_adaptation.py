"""Adapting to a few frames, and the statistics of many episodes."""

import copy

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from small_model import build_model, small_model_cfg
from small_training import SIZE, dataset

from mmvmtl.apis import adaptation
from mmvmtl.apis.adaptation import (
    Adaptation,
    adapt,
    adaptation_of,
    best_rate,
    compare,
    interval,
    load_for_adaptation,
    query_score,
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


def test_every_episode_begins_with_the_same_model(model, monkeypatch):
    """The score is here what adapting made of the weights."""

    def bias(model, *_):
        return model.head.heads['det'].bbox_head.rtm_cls[0].bias.sum().item()

    monkeypatch.setattr(adaptation, 'query_score', bias)
    episodes = EpisodeDataset(
        dict(day=dataset('train', 6, clip=dict(length=1))), 2, 2, 2
    )
    before = copy.deepcopy(model.state_dict())
    how = Adaptation(0.1, 1, HEAD)
    one = score_episodes(model, episodes, how)
    other = score_episodes(model, episodes, how)
    assert one.shape == (2,) and one[0] != one[1]
    assert one[1] == other[1] != bias(model)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_the_best_rate_has_the_best_mean(monkeypatch):
    """Of three rates the second, by hand, though the third has the peak."""
    scores = {0.1: [0.2, 0.3], 0.2: [0.4, 0.4], 0.3: [0.0, 0.7]}

    def scripted(model, episodes, how):
        assert (how.steps, how.parts) == (5, HEAD)
        return np.array(scores[how.lr])

    monkeypatch.setattr(adaptation, 'score_episodes', scripted)
    how = Adaptation(9.0, 5, HEAD)
    assert best_rate(None, None, how, list(scores)) == 0.2
    # A single rate needs no episode.
    monkeypatch.setattr(adaptation, 'score_episodes', None)
    assert best_rate(None, None, how, [0.5]) == 0.5


def test_a_rate_at_the_edge_is_doubled_while_that_helps(monkeypatch):
    scores = {0.0: 0.1, 0.5: 0.2, 1.0: 0.3, 2.0: 0.5, 4.0: 0.4}
    monkeypatch.setattr(
        adaptation,
        'score_episodes',
        lambda model, episodes, how: np.array([scores.pop(how.lr)]),
    )
    how = Adaptation(9.0, 5, HEAD)
    assert best_rate(None, None, how, [0.0, 0.5, 1.0]) == 2.0
    assert not scores


def test_a_section_says_how_to_adapt():
    section = dict(lr=0.1, steps=2, parts='head.heads.det')
    how = adaptation_of(section, 'adapt')
    assert how == Adaptation(0.1, 2, ('head.heads.det',))
    assert adaptation_of(section, 'adapt', lr=0.0).lr == 0
    with pytest.raises(UserError, match="adapt does not say 'lr'"):
        adaptation_of(dict(steps=2), 'adapt')


def test_a_detection_that_is_right_scores(model, frames):
    """1 where the boxes are the true ones, and less without a third."""
    data = take_shots(frames, 2)
    classes = [str(i) for i in range(5)]

    class Told:
        share = 1.0

        def reset_streams(self):
            pass

        def test_step(self, query):
            for frame in (f for s in query['data_samples'] for f in s):
                gt = frame.gt_instances
                gt = gt[: max(1, int(len(gt) * self.share))]
                frame.pred_instances = InstanceData(
                    bboxes=gt.bboxes,
                    labels=gt.labels,
                    scores=torch.ones(len(gt)),
                )
            return query['data_samples']

    told = Told()
    assert query_score(told, data, classes) == pytest.approx(1)
    told.share = 0.5
    assert 0 < query_score(told, data, classes) < 1


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
