import math

import pytest
import torch

from mmvmtl.models.losses import UncertaintyWeighting

ALL = torch.ones(2).bool()


def with_log_var(*values):
    weighting = UncertaintyWeighting(tuple('ab'[: len(values)]))
    weighting.log_var.data = torch.tensor(values)
    return weighting


def test_golden_value_and_gradient():
    """s = (0, ln 4), L = (1, 2): weights (1, 1/4), value 1 + 2/4 = 1.5;
    d/ds (e^-s L + s/2) = 1/2 - e^-s L = (-1/2, 0), by hand.
    """
    weighting = with_log_var(0.0, math.log(4))
    total = weighting(torch.tensor([1.0, 2.0]), ALL)
    total.backward()
    assert total.item() == pytest.approx(1.5)
    assert weighting.last_weights.tolist() == pytest.approx([1, 0.25])
    expected = pytest.approx([-0.5, 0], abs=1e-7)
    assert weighting.log_var.grad.tolist() == expected


def test_fresh_instance_is_the_plain_sum():
    total = UncertaintyWeighting(('a', 'b'))(torch.tensor([1.0, 2.0]), ALL)
    assert total == 3


@pytest.mark.parametrize('loss', [0.1, 1.0, 10.0])
def test_optimum_is_log_of_twice_the_loss(loss):
    """d/ds (e^-s L + s/2) vanishes at s = ln 2L; gradient descent finds it."""
    weighting = with_log_var(0.0)
    optimizer = torch.optim.SGD(weighting.parameters(), lr=0.1)
    for _ in range(500):
        optimizer.zero_grad()
        weighting(torch.tensor([loss]), ALL[:1]).backward()
        optimizer.step()
    assert weighting.log_var.item() == pytest.approx(math.log(2 * loss), 1e-4)


def test_inactive_task_learns_nothing():
    weighting = with_log_var(0.5, 0.5)
    active = torch.tensor([True, False])
    weighting(torch.tensor([1.0, 3.0]), active).backward()
    assert weighting.log_var.grad[0] != 0
    assert weighting.log_var.grad[1] == 0
