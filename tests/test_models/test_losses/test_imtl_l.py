import math

import pytest
import torch

from mmvmtl.models.losses import IMTLL, UncertaintyWeighting

ALL = torch.ones(2).bool()


def learned(losses, steps=300):
    weighting = IMTLL(('a', 'b'))
    optimizer = torch.optim.SGD(weighting.parameters(), lr=0.2)
    for _ in range(steps):
        optimizer.zero_grad()
        weighting(losses, ALL).backward()
        optimizer.step()
    return weighting


def test_golden_value_and_gradient():
    """s = (0, ln 3), L = (2, 1): weights (1, 3), value 2 + 3 = 5;
    d/ds (e^s L - s) = (2 - 1, 3 - 1), by hand.
    """
    weighting = IMTLL(('a', 'b'))
    weighting.log_scale.data = torch.tensor([0.0, math.log(3)])
    total = weighting(torch.tensor([2.0, 1.0]), ALL)
    total.backward()
    assert total.item() == pytest.approx(5)
    assert weighting.last_weights.tolist() == pytest.approx([1, 3])
    assert weighting.log_scale.grad.tolist() == pytest.approx([1, 2])


@pytest.mark.parametrize('scale', [0.1, 1.0, 4.0])
def test_learned_weighed_losses_do_not_depend_on_scale(scale):
    """At the optimum e^s L = 1 for every task, whatever unit L has."""
    losses = torch.tensor([2.0 * scale, 0.3])
    weighting = learned(losses)
    weighed = weighting.last_weights * losses
    assert weighed.tolist() == pytest.approx([1, 1], abs=1e-3)


def test_is_twice_uncertainty_weighting_of_the_negated_parameter():
    """With Kendall's halved weight: e^s L - s = 2 (e^-u L / 2 + u / 2),
    u = -s. So their gradients at L and L / 2 are minus twice one another.
    """
    losses = torch.tensor([2.0, 0.7])
    one, other = IMTLL(('a', 'b')), UncertaintyWeighting(('a', 'b'))
    one.log_scale.data = torch.tensor([0.4, -0.2])
    other.log_var.data = -one.log_scale.data
    one(losses, ALL).backward()
    other(losses / 2, ALL).backward()
    torch.testing.assert_close(one.log_scale.grad, -2 * other.log_var.grad)


def test_inactive_task_learns_nothing():
    weighting = IMTLL(('a', 'b'))
    active = torch.tensor([True, False])
    weighting(torch.tensor([3.0, 3.0]), active).backward()
    assert weighting.log_scale.grad.tolist() == [2, 0]
