"""What holds of every weighting."""

import copy
import math

import pytest
import torch
from torch import nn
from weightings import STEPPED, TASKS, WEIGHTINGS, build, step

from mmvmtl.models.losses import BaseWeighting
from mmvmtl.models.losses.base_weighting import mean_over_ranks
from mmvmtl.models.losses.build import build_loss_weighting

EVERY = pytest.mark.parametrize('name', WEIGHTINGS)
#: Four steps, of which two miss a task.
HISTORY = [
    ([2.0, 0.5, 30.0], (True, True, True)),
    ([1.5, 0.0, 31.0], (True, False, True)),
    ([1.7, 0.6, 22.0], (True, True, True)),
    ([1.0, 0.4, 0.0], (True, True, False)),
]


def after_history(name):
    """A weighting that has seen some steps."""
    weighting = build(name).double()
    for losses, active in HISTORY:
        step(weighting, losses, active)
    return weighting


@EVERY
def test_the_total_is_the_weighted_sum_of_the_losses(name):
    """Its value: never a term that a user would read as a loss."""
    weighting = after_history(name)
    losses = torch.tensor([0.02, 0.01, 0.3], dtype=torch.float64)
    total = weighting(losses, torch.ones(3).bool())
    torch.testing.assert_close(total, (weighting.last_weights * losses).sum())
    assert total > 0
    assert not weighting.last_weights.requires_grad


@EVERY
def test_inactive_task_has_no_weight_but_stays_in_the_graph(name):
    weighting = after_history(name)
    losses = torch.tensor([2.0, 0.0, 5.0], requires_grad=True)
    weighting(losses, torch.tensor([True, False, True])).backward()
    assert weighting.last_weights[1] == 0
    assert losses.grad[1] == 0
    assert (losses.grad[[0, 2]] > 0).all()


@EVERY
def test_every_parameter_is_in_the_graph_without_any_active_task(name):
    """DDP waits for the gradient of each."""
    weighting = build(name)
    losses = torch.zeros(3, requires_grad=True)
    weighting(losses, torch.zeros(3).bool()).backward()
    assert losses.grad.tolist() == [0, 0, 0]
    assert all(p.grad is not None for p in weighting.parameters())


@EVERY
def test_inactive_task_moves_no_state(name):
    """Whatever its loss would be, all goes as if it were not there."""
    one, other = build(name).double(), build(name).double()
    for number, (losses, _) in enumerate(HISTORY):
        absent = [losses[0], 7.0 * number, losses[2]]
        step(one, [losses[0], 0.0, losses[2]], (True, False, True))
        step(other, absent, (True, False, True))
    for key, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[key]), key
        fresh = build(name).state_dict()[key]
        if value.shape == (3,):
            assert value[1] == fresh[1], key


@EVERY
def test_weights_follow_the_tasks_and_not_their_order(name):
    """RLW is left out: its draw has an order, its distribution none."""
    if name == 'RLW':
        return
    order = torch.tensor([2, 0, 1])
    one, other = build(name).double(), build(name).double()
    if name == 'WeightedMTLLoss':
        other.weights.copy_(one.weights[order])
    for losses, active in HISTORY:
        weights = step(one, losses, active)
        mixed = step(
            other,
            torch.tensor(losses)[order].tolist(),
            tuple(torch.tensor(active)[order].tolist()),
        )
        torch.testing.assert_close(mixed, weights[order])


@EVERY
def test_one_task_gets_the_gradient_it_has_alone(name):
    """K = 1: every method that normalises its weights gives it 1."""
    weighting = build(name).double()
    only = (True, False, False)
    weights = [step(weighting, [v, 0, 0], only) for v in (2.0, 3.0, 1.0)]
    for weight in weights:
        if name in ('GLS', 'RLW', 'DWA', 'FAMO', 'WeightedMTLLoss'):
            assert weight.tolist() == pytest.approx([1, 0, 0])
        else:
            assert weight[0] > 0


@EVERY
def test_evaluation_moves_no_state(name):
    weighting = after_history(name).eval()
    before = copy.deepcopy(weighting.state_dict())
    weighting(torch.tensor([9.0, 8.0, 7.0]), torch.ones(3).bool())
    for key, value in weighting.state_dict().items():
        assert torch.equal(value, before[key]), key


@pytest.mark.parametrize('bad', [math.nan, math.inf])
@EVERY
def test_loss_that_is_not_finite_shows_and_moves_no_state(name, bad):
    """The total shows it, so that AMP skips the step."""
    weighting = after_history(name)
    before = copy.deepcopy(weighting.state_dict())
    losses = torch.tensor([2.0, bad, 3.0])
    total = weighting(losses, torch.ones(3).bool())
    assert not total.isfinite()
    for key, value in weighting.state_dict().items():
        assert torch.equal(value, before[key]), key


@EVERY
def test_loss_of_zero_gives_finite_weights(name):
    """A batch whose boxes make no pair, say."""
    weighting = build(name).double()
    for losses in ([1.0, 0.0, 2.0], [1.0, 3.0, 2.0], [0.0, 0.0, 0.0]):
        assert step(weighting, losses).isfinite().all()
    for value in weighting.state_dict().values():
        assert value.isfinite().all()


@EVERY
def test_bfloat16_losses_are_weighed_in_float32(name):
    """As a head gives them under autocast."""
    weighting = build(name)
    losses = torch.tensor([2.0, 4.0, 1.0], dtype=torch.bfloat16)
    total = weighting(losses.requires_grad_(), torch.ones(3).bool())
    assert total.dtype == weighting.last_weights.dtype == torch.float32


@pytest.mark.parametrize('name', STEPPED)
def test_overflow_that_skips_the_step_leaves_the_state(name):
    """Finite losses, infinite gradients: only the scaler sees it."""
    weighting = after_history(name)
    head = nn.Linear(1, 1).double()
    optimizer = torch.optim.SGD(
        [*weighting.parameters(), *head.parameters()], lr=0.1
    )
    scaler = torch.amp.GradScaler('cpu', init_scale=2.0)

    def train(factor):
        loss = head(torch.ones(1).double()).square().sum() + 1.0
        losses = torch.stack([loss, loss * 2, loss * 3])
        total = weighting(losses, torch.ones(3).bool())
        optimizer.zero_grad()
        scaler.scale(total).backward()
        for parameter in head.parameters():
            parameter.grad *= factor
        scaler.step(optimizer)
        scaler.update()
        return {
            key: value.clone()
            for key, value in weighting.state_dict().items()
            if 'pending' not in key and 'clock' not in key
        }

    moved = train(math.inf)
    for _ in range(2):
        still = train(math.inf)
        assert all(torch.equal(still[k], moved[k]) for k in moved)
    train(1.0)
    again = train(1.0)
    assert not all(torch.equal(again[k], moved[k]) for k in moved)


@pytest.mark.parametrize('name', STEPPED)
def test_micro_batches_count_as_the_batch_they_make_up(name):
    """State moves once per step of the optimizer, by their mean loss."""
    whole, micro = build(name).double(), build(name).double()
    batches = [[2.0, 3.0, 4.0], [1.0, 5.0, 3.0], [2.0, 2.0, 2.0]]
    for losses in batches:
        step(whole, losses)
        half = torch.tensor(losses)
        step(micro, (0.5 * half).tolist(), moves=False)
        step(micro, (1.5 * half).tolist())
    for key, value in whole.state_dict().items():
        if 'pending' not in key:
            torch.testing.assert_close(micro.state_dict()[key], value, msg=key)


@pytest.mark.parametrize('name', STEPPED)
def test_clock_is_nothing_beside_other_gradients(name):
    """Clipping and logging by the norm of all gradients stay what they are."""
    weighting = build(name)
    losses = torch.ones(3, requires_grad=True)
    weighting(losses, torch.ones(3).bool()).backward()
    norm = nn.utils.get_total_norm([p.grad for p in weighting.parameters()])
    assert 0 < norm < 1e-11


@pytest.mark.parametrize(
    'optimizer',
    [
        lambda p: torch.optim.SGD(p, lr=1e-6, momentum=0.9, weight_decay=0.1),
        lambda p: torch.optim.AdamW(p, lr=1e-6, weight_decay=0.1),
        lambda p: torch.optim.AdamW(p, lr=1e-6, fused=True),
        lambda p: torch.optim.RMSprop(p, lr=1e-6),
    ],
)
def test_clock_tells_every_step_of_any_optimizer(optimizer):
    weighting = build('RLW')
    optimizer = optimizer(weighting.parameters())
    for number in range(50):
        weighting(torch.ones(3), torch.ones(3).bool()).backward()
        assert weighting.steps == number
        optimizer.step()
        optimizer.zero_grad()


@EVERY
def test_state_survives_a_checkpoint_bitwise(name):
    one, other = after_history(name), build(name).double()
    other.load_state_dict(copy.deepcopy(one.state_dict()))
    for losses in ([3.0, 2.0, 1.0], [1.0, 2.0, 3.0], [2.0, 2.0, 1.0]):
        assert torch.equal(step(one, losses), step(other, losses))


@pytest.mark.parametrize('name', ['GLS', 'DWA', 'FAMO', 'LossScaleNorm'])
def test_negative_loss_is_named(name):
    with pytest.raises(ValueError, match=f"'cls' is -1, but {name} needs"):
        step(build(name), [1.0, -1.0, 1.0])


@pytest.mark.parametrize(
    'tasks, sentence',
    [
        ('det', "needs the names of its tasks, such as .'det', 'cls'"),
        ((), 'needs the names of its tasks'),
        (('det', 'cls', 'det'), "'det' is named twice"),
    ],
)
@EVERY
def test_wrong_tasks_are_named(name, tasks, sentence):
    settings = dict(weights=None) if name == 'WeightedMTLLoss' else {}
    with pytest.raises(ValueError, match=sentence):
        type(build(name))(tasks, **settings)


@pytest.mark.parametrize(
    'name, settings, sentence',
    [
        ('DWA', dict(temperature=0), 'temperature=0 must be positive'),
        ('DWA', dict(temperature=math.nan), 'temperature=nan must be'),
        ('DWA', dict(window=0), 'window=0 must be a whole number'),
        ('DWA', dict(window=1.5), 'window=1.5 must be a whole number'),
        ('RLW', dict(seed=-1), 'seed=-1 must not be negative'),
        ('FAMO', dict(lr=0), 'lr=0 must be positive'),
        ('FAMO', dict(decay=-1), 'decay=-1 not negative'),
        ('LossScaleNorm', dict(momentum=1), 'momentum=1 must lie in'),
    ],
)
def test_wrong_settings_are_named(name, settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        build(name, **settings)


@pytest.mark.parametrize(
    'cfg, sentence',
    [
        ('RLW', "'RLW' is no weighting of task losses: write"),
        (dict(alpha=1), 'is no weighting of task losses: write'),
        (dict(type='mmvmtl.GradNorm'), "'GradNorm' weighs gradients, not"),
        (dict(type='mmvmtl.TrackHead'), "'TrackHead' is no weighting of task"),
    ],
)
def test_what_is_no_weighting_is_named(cfg, sentence):
    with pytest.raises(ValueError, match=sentence):
        build_loss_weighting(cfg, ('det', 'cls'))
    with pytest.raises(ValueError, match=sentence):
        build('LossScaleNorm', weighting=cfg)


def test_mean_over_ranks_of_one_process_leaves_out_the_inactive():
    losses = torch.tensor([1.0, math.nan, 3.0])
    mean, active = mean_over_ranks(losses, torch.tensor([True, False, True]))
    assert mean.tolist() == [1, 0, 3]
    assert active.tolist() == [True, False, True]


def test_a_new_weighting_is_one_method():
    """The contract: say the weights, the base does the rest."""

    class Halves(BaseWeighting):
        def weigh(self, losses, active):
            return torch.full_like(losses, 0.5)

    total = Halves(TASKS)(
        torch.tensor([1.0, 2.0, 4.0]), torch.tensor([True, True, False])
    )
    assert total == 1.5
