"""Adapting to a few frames, and the statistics of many episodes."""

import copy
from dataclasses import replace

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
    best_way,
    choices_of,
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


def scripted(monkeypatch, scores):
    """Episodes of which the scores by (parts, rate) are known, once each."""
    left = dict(scores)
    monkeypatch.setattr(
        adaptation,
        'score_episodes',
        lambda model, episodes, how: np.array(left.pop((how.parts, how.lr))),
    )
    return left


def test_the_best_way_has_the_best_mean(monkeypatch):
    """Of three rates the second, by hand, though the third has the peak."""
    scores = {0.1: [0.2, 0.3], 0.2: [0.4, 0.4], 0.3: [0.0, 0.7]}
    scripted(monkeypatch, {(HEAD, k): v for k, v in scores.items()})
    how = Adaptation(9.0, 5, HEAD)
    found = best_way(None, None, dict(head=how), list(scores))
    assert found == ('head', replace(how, lr=0.2))
    # A single way needs no episode.
    monkeypatch.setattr(adaptation, 'score_episodes', None)
    assert best_way(None, None, dict(a=how), [0.5]) == (
        'a', replace(how, lr=0.5),
    )  # fmt: skip


@pytest.mark.parametrize(
    ('scores', 'best'),
    [
        ({0.0: 0.1, 0.5: 0.2, 1.0: 0.3, 2.0: 0.5, 4.0: 0.4}, 2.0),
        ({0.0: 0.1, 0.5: 0.4, 1.0: 0.3, 0.25: 0.6, 0.125: 0.5}, 0.25),
        ({0.0: 0.5, 0.5: 0.2, 1.0: 0.1}, 0.0),
    ],
)
def test_a_rate_at_the_edge_goes_on_while_that_helps(
    scores, best, monkeypatch
):
    left = scripted(monkeypatch, {(HEAD, k): v for k, v in scores.items()})
    how = Adaptation(9.0, 5, HEAD)
    name, found = best_way(None, None, {'': how}, [0.0, 0.5, 1.0])
    assert (name, found.lr) == ('', best)
    assert not left


def test_only_the_rate_of_the_best_choice_goes_on(monkeypatch):
    """All layers are best at the largest rate; the head is not tried there."""
    left = scripted(
        monkeypatch,
        {
            **{(HEAD, 1.0): 0.2, (HEAD, 2.0): 0.3},
            **{(None, 1.0): 0.1, (None, 2.0): 0.5, (None, 4.0): 0.4},
        },
    )
    choices = dict(head=Adaptation(0.0, 5, HEAD), all=Adaptation(0.0, 5))
    found = best_way(None, None, choices, [1.0, 2.0])
    assert found == ('all', Adaptation(2.0, 5))
    assert not left


def test_choices_change_the_section():
    section = dict(
        steps=2,
        parts='head.heads.det',
        max_norm=2.0,
        choices=dict(head={}, all=dict(parts=None, statistics=True)),
    )
    head = Adaptation(0.0, 2, ('head.heads.det',), 2.0)
    assert choices_of(section, 'episodes') == dict(
        head=head, all=replace(head, parts=None, statistics=True)
    )
    section.pop('choices')
    assert choices_of(section, 'episodes') == {'': head}
    with pytest.raises(UserError, match="choices\\['all'\\] has 'part'"):
        choices_of(
            dict(section, choices=dict(all=dict(part=None))), 'episodes'
        )


def test_statistics_are_those_of_the_frames(model, frames):
    """As one forward by the frames' own statistics leaves them."""
    data = take_shots(frames, 3)
    own, told = copy.deepcopy(model), copy.deepcopy(model)
    adapt(own, data, Adaptation(0.0, 5, statistics=True))
    seen = {}
    first = told.backbone.stem[0]
    first.conv.register_forward_hook(
        lambda module, inputs, output: seen.update(found=output)
    )
    with torch.no_grad():
        told.test_step(copy.deepcopy(data))
    mean = seen['found'].mean(dim=(0, 2, 3))
    torch.testing.assert_close(own.backbone.stem[0].bn.running_mean, mean)
    assert not torch.allclose(first.bn.running_mean, mean)
    for layer, other in zip(own.modules(), model.modules(), strict=True):
        if isinstance(layer, torch.nn.BatchNorm2d):
            assert layer.momentum == other.momentum and not layer.training
    for name, value in own.named_parameters():
        assert torch.equal(value, model.get_parameter(name)), name


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
