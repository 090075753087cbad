import contextlib

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.logging import MessageHub
from mmengine.runner import Runner
from small_training import RecordHook, small_training

from mmvmtl.errors import UserError
from mmvmtl.models.losses import WeightedMTLLoss

TASKS = ('det', 'cls', 'track')


def test_golden_value():
    """1·2 + 0.5·4 + 3·1 = 7, by hand."""
    loss = WeightedMTLLoss(TASKS, dict(det=1, cls=0.5, track=3))
    total = loss(torch.tensor([2.0, 4.0, 1.0]), torch.ones(3).bool())
    assert total.item() == 7


def test_weights_default_to_the_plain_sum():
    losses = torch.tensor([2.0, 4.0, 1.0])
    assert WeightedMTLLoss(TASKS)(losses, torch.ones(3).bool()) == 7


def test_weights_follow_names_and_not_the_order_of_the_dict():
    loss = WeightedMTLLoss(TASKS, dict(track=3, cls=0.5, det=1))
    assert loss.weights.tolist() == [1, 0.5, 3]


def test_inactive_task_has_no_weight_but_stays_in_the_graph():
    losses = torch.tensor([2.0, 4.0, 1.0], requires_grad=True)
    active = torch.tensor([True, False, True])
    total = WeightedMTLLoss(TASKS)(losses, active)
    total.backward()
    assert total == 3
    assert losses.grad.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    'weights, sentence',
    [
        (dict(det=1, cls=1, trak=1), "'trak'.*did you mean 'track'"),
        (dict(det=1, cls=1), "'track' has no weight"),
        (dict(det=1, cls=-1, track=1), 'not negative'),
        (dict(det=1, cls=float('nan'), track=1), 'finite'),
        (dict(det=1, cls=(0.1, 0), track=1), 'pair not 0'),
        (1.0, 'weights=1.0: write one number for each task'),
    ],
)
def test_wrong_weights_are_named(weights, sentence):
    with pytest.raises(ValueError, match=sentence):
        WeightedMTLLoss(TASKS, weights)


@pytest.mark.parametrize('span', [(0.5, 0.5), (0.7, 0.5), (0.5, 1.1)])
def test_a_wrong_span_is_named(span):
    with pytest.raises(ValueError, match='begin < end'):
        WeightedMTLLoss(TASKS, span=span)


@pytest.fixture
def progress():
    """Set how far the latest Runner is, of 100 iterations."""
    hub = MessageHub.get_instance('weights_that_move')

    def set_to(iteration):
        hub.update_info('iter', iteration)
        hub.update_info('max_iters', 100)

    return set_to


@pytest.mark.parametrize(
    'iteration, track', [(0, 0.4), (50, 0.4), (60, 0.2), (70, 0.1), (99, 0.1)]
)
def test_a_pair_moves_by_equal_factors(progress, iteration, track):
    """From 0.4 to 0.1 between half and 0.7: halved at 0.6, by hand."""
    weights = dict(det=1, cls=0, track=(0.4, 0.1))
    loss = WeightedMTLLoss(TASKS, weights, span=(0.5, 0.7))
    progress(iteration)
    total = loss(torch.tensor([2.0, 4.0, 1.0]), torch.ones(3).bool())
    assert total.item() == pytest.approx(2 + track)
    assert loss.last_weights.tolist() == pytest.approx([1, 0, track])


class Break(Hook):
    """Ends a training behind its first epoch."""

    def before_train_epoch(self, runner):
        if runner.epoch == 1:
            raise KeyboardInterrupt


def recorded(folder, resume=False, hooks=()):
    """The weight of tracking in each iteration of a training."""
    cfg = small_training(folder)
    cfg.model.loss.weights.track = (1.0, 0.1)
    cfg.val_dataloader = cfg.val_evaluator = cfg.val_cfg = None
    cfg.resume = resume
    cfg.experiment_name = f'{folder}-{resume}'
    runner = Runner.from_cfg(cfg)
    record = RecordHook()
    for hook in (record, *hooks):
        runner.register_hook(hook)
    with contextlib.suppress(KeyboardInterrupt):
        runner.train()
    return [losses['weight.track'] for losses in record.losses]


def test_they_follow_the_runner_also_after_a_resume(tmp_path):
    """4 iterations from 1 towards 0.1, by hand; and broken off after 2."""
    wanted = pytest.approx([1, 0.1**0.25, 0.1**0.5, 0.1**0.75])
    assert recorded(tmp_path / 'whole') == wanted
    first = recorded(tmp_path / 'broken', hooks=[Break()])
    rest = recorded(tmp_path / 'broken', resume=True)
    assert len(first) == 2
    assert first + rest == wanted


@pytest.mark.parametrize(
    'settings, words',
    [
        (dict(weights=dict(a=(1.0, 2.0, 3.0))), '3 numbers'),
        (dict(weights=dict(a=(1.0,))), '1 numbers'),
        (dict(weights=dict(a=1.0), span=(0.0, 0.5, 1.0)), 'span='),
    ],
)
def test_a_pair_has_two_numbers(settings, words):
    with pytest.raises(UserError, match=words):
        WeightedMTLLoss(('a',), **settings)
