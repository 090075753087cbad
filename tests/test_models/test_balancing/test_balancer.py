"""What stands between gradients and methods."""

import copy

import pytest
import torch
from balancing import METHODS, gradients, weigh

from mmvmtl.models.balancing import Balancer
from mmvmtl.models.balancing.gramian import (
    feature_gramian,
    gramian,
    parameter_gramian,
)

TASKS = ('det', 'cls', 'track')
EVERY = pytest.mark.parametrize('name', METHODS)
ALL = torch.ones(3, dtype=torch.bool)
ONES = torch.ones(3)
HALVES = pytest.mark.parametrize('half', [torch.float16, torch.bfloat16])


def make(name, **settings):
    return Balancer(TASKS, name, **settings)


def state(module):
    return {k: v.clone() for k, v in module.state_dict().items()}


def equal(one, other):
    return one.keys() == other.keys() and all(
        torch.equal(one[k], other[k]) for k in one
    )


@pytest.fixture
def square():
    """A Gramian of three tasks with conflict."""
    rows = gradients(3, 4, size=3)
    return rows @ rows.T


def test_gramian_over_levels_by_hand():
    """(1, 2), (3) and (0, 1), (2): 14, 2 + 6, 5."""
    rows = [
        [torch.tensor([1.0, 2.0]), torch.tensor([[3.0]])],
        [torch.tensor([0.0, 1.0]), torch.tensor([[2.0]])],
        [None, torch.tensor([[1.0]])],
    ]
    by_hand = [[14, 8, 3], [8, 5, 2], [3, 2, 1]]
    assert gramian(rows).tolist() == by_hand
    assert feature_gramian(rows).tolist() == by_hand


def test_half_precision_does_not_overflow():
    """A thousand squares of 60,000 do not fit into float16."""
    row = [torch.full((1000,), 6e4, dtype=torch.float16)]
    assert gramian([row]).item() == pytest.approx(3.6e12, rel=1e-3)


def test_large_loss_scales_do_not_overflow():
    """Squares of 2^70 and 2^71 exceed float32; their ratio is 1 : 4."""
    rows = [[torch.full((2,), 2.0**70)], [None, torch.full((2,), 2.0**71)]]
    rows[0].append(None)
    rows[1][0] = torch.full((2,), 2.0**70)
    found = gramian(rows) / 2.0**140
    assert found.tolist() == [[2, 2], [2, 10]]


def test_parameter_gramian_is_that_of_the_joined_row():
    rows = gradients(3, 0)
    parts = [list(row.split([2, 4])) for row in rows]
    torch.testing.assert_close(parameter_gramian(parts), rows @ rows.T)


@HALVES
def test_autocast_leaves_the_gramian_alone(half):
    """(300, 1), (−300, 1): 300² is no float16, 90000 ± 1 no bfloat16."""
    rows = [[torch.tensor([300.0, 1.0])], [torch.tensor([-300.0, 1.0])]]
    by_hand = [[90001, -89999], [-89999, 90001]]
    with torch.autocast('cpu', dtype=half):
        assert parameter_gramian(rows).tolist() == by_hand
        assert feature_gramian(rows).tolist() == by_hand


@EVERY
@pytest.mark.parametrize('scale', [1e-24, 1e-4, 1e9])
def test_scale_of_all_gradients_does_not_matter(name, scale, square):
    """Framework facts 21d and 21g: a loss scale, or a trained network."""
    torch.testing.assert_close(
        weigh(name, scale * square), weigh(name, square)
    )


@EVERY
def test_absent_task_is_not_seen(name, square):
    """Framework fact 21e: its zero row would get all weight of MGDA."""
    active = torch.tensor([True, False, True])
    keep = torch.tensor([0, 2])
    dropped = square.clone()
    dropped[1] = dropped[:, 1] = 0
    found = make(name).observe(dropped, active, ONES)
    alone = weigh(name, square[keep][:, keep])
    torch.testing.assert_close(found[keep], alone)
    assert found[1] == 1
    # Nor is one that is labelled and without a gradient.
    torch.testing.assert_close(make(name).observe(dropped, ALL, ONES), found)


@EVERY
@pytest.mark.parametrize('bad', [torch.nan, torch.inf, -torch.inf])
def test_overflow_is_the_plain_sum_and_moves_nothing(name, bad, square):
    balancer = make(name)
    balancer.observe(square, ALL, ONES)
    before = state(balancer)
    broken = square.clone()
    broken[0, 1] = broken[1, 0] = bad
    assert balancer.observe(broken, ALL, ONES).tolist() == [1, 1, 1]
    assert equal(state(balancer), before)


def test_a_loss_that_is_not_finite_moves_nothing(square):
    balancer = make('GradNorm')
    before = state(balancer)
    losses = torch.tensor([1.0, torch.nan, 1.0])
    assert balancer.observe(square, ALL, losses).tolist() == [1, 1, 1]
    assert equal(state(balancer), before)


@EVERY
def test_one_task_alone_keeps_its_gradient(name, square):
    balancer = make(name)
    before = state(balancer.weighting)
    one = torch.tensor([False, True, False])
    assert balancer.observe(square, one, ONES).tolist() == [1, 1, 1]
    assert balancer.observe(0 * square, ALL, ONES).tolist() == [1, 1, 1]
    assert equal(state(balancer.weighting), before)


@EVERY
def test_weights_sum_to_the_number_of_tasks(name, square):
    """So that the learning rate stays what the config says.

    Absolutely: IMTL-G and Aligned-MTL have negative ones here.
    """
    balancer = make(name)
    found = balancer.observe(square, ALL, ONES)
    assert found.abs().sum().item() == pytest.approx(3)
    torch.testing.assert_close(balancer.held(ALL), found, rtol=1e-6, atol=0)
    two = torch.tensor([True, True, False])
    held = balancer.held(two)
    assert held[:2].sum().item() == pytest.approx(2)
    assert held[2] == 1


@EVERY
def test_state_goes_on_bitwise_from_a_checkpoint(name):
    one = make(name)
    for seed in range(3):
        rows = gradients(3, seed, size=3)
        one.observe(rows @ rows.T, ALL, ONES + seed)
    other = make(name)
    other.load_state_dict(copy.deepcopy(one.state_dict()))
    for seed in range(3, 6):
        rows = gradients(3, seed, size=3)
        found = [b.observe(rows @ rows.T, ALL, ONES) for b in (one, other)]
        assert torch.equal(*found)
    assert equal(state(one), state(other))


@pytest.mark.parametrize('noise', [0.0, 3e-8, -3e-8])
def test_an_update_that_vanishes_is_the_plain_sum(noise):
    balancer = Balancer(('a', 'b'), 'IMTLG')
    opposed = torch.tensor([[1.0, -1.0], [-1.0, 1.0 + noise]]).double()
    found = balancer.observe(opposed, ALL[:2], ONES[:2])
    assert found.tolist() == [1, 1]


def test_negative_weights_hold_while_no_task_is_missing():
    """(1, -10, 1) / 4: alone, the second task would be climbed."""
    balancer = make('IMTLG')
    balancer.weights.copy_(torch.tensor([0.25, -2.5, 0.25]))
    assert balancer.held(ALL).tolist() == [0.25, -2.5, 0.25]
    two = torch.tensor([True, True, False])
    assert balancer.held(two).tolist() == [1, 1, 1]
    others = torch.tensor([True, False, True])
    assert balancer.held(others).tolist() == [1, 1, 1]


def test_every_interval_is_due_and_resumes_where_it_was(square):
    balancer = make('UPGrad', interval=3)
    seen = []
    for number in range(7):
        if number == 4:
            fresh = make('UPGrad', interval=3)
            fresh.load_state_dict(balancer.state_dict())
            balancer = fresh
        seen.append(balancer.is_due())
        if balancer.is_due():
            weights = balancer.observe(square, ALL, ONES)
        else:
            held = balancer.pass_by(ALL)
            torch.testing.assert_close(held, weights, rtol=1e-6, atol=0)
    assert seen == [True, False, False, True, False, False, True]


def test_absent_tasks_keep_their_share_of_the_weights():
    """MGDA, orthogonal norms 4, 4, 1: weights 1 / n^2 are 1 : 1 : 16.

    a and b measured alone are equal as before, so nothing may move.
    """
    balancer = make('MGDA')
    gramian = torch.diag(torch.tensor([16.0, 16.0, 1.0]))
    found = balancer.observe(gramian, ALL, ONES)
    torch.testing.assert_close(found, torch.tensor([1, 1, 16]).double() / 6)
    two = torch.tensor([True, True, False])
    both = balancer.observe(gramian, two, ONES)
    assert both.tolist() == pytest.approx([1, 1, 1])
    held = balancer.held(ALL)
    torch.testing.assert_close(held, found, rtol=1e-6, atol=0)


def test_weights_that_were_all_zero_come_back():
    balancer = make('MGDA')
    balancer.weights.copy_(torch.tensor([0.0, 0.0, 3.0]))
    two = torch.tensor([True, True, False])
    balancer.observe(torch.eye(3), two, ONES)
    found = balancer.held(ALL)
    torch.testing.assert_close(found, torch.tensor([0.6, 0.6, 1.8]).double())


def test_norms_and_cosines_can_be_looked_at():
    balancer = make('PCGrad')
    rows = torch.tensor([[3.0, 4.0], [0.0, 2.0], [0.0, 0.0]])
    balancer.observe(rows @ rows.T, ALL, ONES)
    assert balancer.grad_norms[:2].tolist() == [5, 2]
    assert balancer.grad_norms[2].isnan()
    assert balancer.grad_cosines[0, 1].item() == pytest.approx(0.8)
    assert balancer.grad_cosines[2].isnan().all()


@pytest.mark.parametrize(
    'name, source, interval',
    [('MGDA', 'features', 1), ('PCGrad', 'parameters', 10)],
)
def test_source_and_interval_follow_the_method(name, source, interval):
    balancer = make(name)
    assert (balancer.source, balancer.interval) == (source, interval)
    assert make(name, gramian='features').interval == 1
    assert make(name, interval=4).interval == 4


@pytest.mark.parametrize(
    'settings, sentence',
    [
        (dict(gramian='weights'), "gramian='weights' is unknown"),
        (dict(interval=0), 'interval=0: write a whole number'),
        (dict(interval=2.5), 'interval=2.5: write a whole number'),
    ],
)
def test_wrong_settings_are_named(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        make('MGDA', **settings)
