import math

import pytest
import torch

from mmvmtl.models.balancing.gramian_weighting import build_weighting


def step(method, norms, losses):
    """Weights after one step on orthogonal gradients of these norms."""
    count = len(norms)
    square = torch.tensor(norms).double().square()
    losses = torch.tensor(losses).double()
    return method(square.diag(), torch.arange(count), losses)


def test_first_step_by_hand():
    """Norms 3, 1 at equal pace: mean 2, so the first is too long by 1.

    Adam's first step is lr times the sign: log w = (-lr, lr), made to sum
    to 2.
    """
    method = build_weighting(dict(type='GradNorm', lr=0.1), 2).double()
    weights = step(method, [3.0, 1.0], [5.0, 7.0])
    low, high = math.exp(-0.1), math.exp(0.1)
    by_hand = [2 * low / (low + high), 2 * high / (low + high)]
    assert weights.tolist() == pytest.approx(by_hand)


def test_a_slow_task_is_helped():
    """L / L(0) = 1 and 1/4: rates 8/5 and 2/5, aims 2 (8/5)^a, 2 (2/5)^a."""
    method = build_weighting(dict(type='GradNorm', alpha=1.0), 2).double()
    step(method, [2.0, 2.0], [8.0, 8.0])
    assert method.log_weights.tolist() == [0, 0]
    weights = step(method, [2.0, 2.0], [8.0, 2.0])
    assert weights[0] > 1 > weights[1]


def test_alpha_zero_makes_norms_equal():
    """G_t = w_t n_t: w ends at 1 / n."""
    method = build_weighting(
        dict(type='GradNorm', alpha=0.0, lr=0.01), 3
    ).double()
    norms = torch.tensor([4.0, 1.0, 2.0]).double()
    weights = torch.ones(3).double()
    for _ in range(600):
        weights = step(method, (weights * norms).tolist(), [1.0, 2.0, 3.0])
    expected = 3 / norms / (1 / norms).sum()
    torch.testing.assert_close(weights, expected, rtol=0.05, atol=0)


def test_equals_autograd_and_torchs_adam():
    """Ten steps of L_grad differentiated by log w, as the paper writes it."""
    method = build_weighting(dict(type='GradNorm'), 3).double()
    logs = torch.zeros(3).double().requires_grad_()
    adam = torch.optim.Adam([logs], lr=0.025)
    draw = torch.Generator().manual_seed(0)
    raw, losses, first = [], [], None
    for _ in range(10):
        raw = torch.rand(3, generator=draw).double() + 0.5
        losses = torch.rand(3, generator=draw).double() + 0.5
        first = losses if first is None else first
        with torch.no_grad():
            logs -= logs.logsumexp(0) - math.log(3)
        norms = logs.exp() * raw
        rate = losses / first / (losses / first).mean()
        aim = (norms.mean() * rate**1.5).detach()
        adam.zero_grad()
        (norms - aim).abs().sum().backward()
        found = step(method, norms.tolist(), losses.tolist())
        adam.step()
        expected = 3 * logs.detach().softmax(0)
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)


def test_absent_task_moves_nothing_of_its_own():
    method = build_weighting('GradNorm', 3).double()
    step(method, [1.0, 2.0, 3.0], [1.0, 1.0, 1.0])
    before = {k: v.clone() for k, v in method.state_dict().items()}
    gramian = torch.diag(torch.tensor([1.0, 9.0])).double()
    method(gramian, torch.tensor([0, 2]), torch.tensor([1.0, 1.0]).double())
    for name, value in method.state_dict().items():
        assert torch.equal(value[..., 1], before[name][..., 1]), name
        assert not torch.equal(value, before[name]) or name == 'first_losses'
    total = method.log_weights.exp().sum()
    assert total.item() == pytest.approx(3)


def test_first_loss_is_the_first_above_zero():
    method = build_weighting('GradNorm', 2)
    step(method, [1.0, 1.0], [0.0, 2.0])
    step(method, [1.0, 1.0], [3.0, 1.0])
    assert method.first_losses.tolist() == [3, 2]
