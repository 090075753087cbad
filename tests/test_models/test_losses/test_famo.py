import math

import pytest
import torch
from weightings import build, step


def test_golden_weights():
    """Even shares, L = (1, 2, 4): z / L ~ (4, 2, 1), sum 3, by hand."""
    weights = step(build('FAMO').double(), [1.0, 2.0, 4.0])
    assert weights.tolist() == pytest.approx([12 / 7, 6 / 7, 3 / 7])


def test_two_steps_by_hand():
    """L: (1, 2, 4) -> (1/2, 2, 4) -> (1/2, 2, 1), decay 0.

    A step counts when the next one is over, at the forward after it. First
    δ = (ln 2, 0, 0), z = 1/3: g = ln 2 (2, -1, -1) / 9. Adam's first step is
    lr · sign: w = 0.025 (-1, 1, 1). Then δ = (0, 0, ln 4) with z of that w,
    and Adam's moments by their definition.
    """
    weighting = build('FAMO', decay=0.0).double()
    step(weighting, [1.0, 2.0, 4.0])
    step(weighting, [0.5, 2.0, 4.0])
    assert weighting.logits.tolist() == [0, 0, 0]
    step(weighting, [0.5, 2.0, 1.0])
    first = torch.tensor([2.0, -1.0, -1.0]).double() * math.log(2) / 9
    logits = torch.tensor([-0.025, 0.025, 0.025]).double()
    torch.testing.assert_close(weighting.logits, logits, rtol=1e-6, atol=0)
    step(weighting, [9.0, 9.0, 9.0])
    z = logits.exp() / logits.exp().sum()
    delta = torch.tensor([0.0, 0.0, math.log(4)]).double()
    second = z * (delta - z[2] * math.log(4))
    mean = (0.9 * 0.1 * first + 0.1 * second) / (1 - 0.9**2)
    square = 0.001 * (0.999 * first**2 + second**2) / (1 - 0.999**2)
    logits = logits - 0.025 * mean / (square.sqrt() + 1e-8)
    torch.testing.assert_close(weighting.logits, logits, rtol=1e-6, atol=0)


def test_equals_torchjd_when_it_is_given_the_losses_of_the_next_step():
    """Over 20 steps, with weight decay, times K = 3; one step later."""
    scalarization = pytest.importorskip('torchjd.scalarization')
    theirs = scalarization.FAMO(3, lr=0.025, weight_decay=1e-3).double()
    ours = build('FAMO', lr=0.025, decay=1e-3).double()
    draw = torch.Generator().manual_seed(0)
    seen = []
    for _ in range(20):
        seen.append((torch.rand(3, generator=draw) + 0.1).double())
        if len(seen) > 2:
            theirs(seen[-3])
            theirs.update(seen[-2])
        leaves = seen[-1].clone().requires_grad_()
        theirs(leaves).backward()
        weights = step(ours, seen[-1].tolist())
        torch.testing.assert_close(weights, 3 * leaves.grad, rtol=1e-6, atol=0)


@pytest.mark.parametrize('micro_batches', [1, 4])
def test_noise_alone_moves_no_weight(micro_batches):
    """Losses of mean 1, of which one is noisy, over 100 steps.

    The mean of four micro-batches has a higher logarithm than one of them,
    by a tenth here: against one, the noisy task would get a quarter.
    """
    weighting = build('FAMO').double()
    draw = torch.Generator().manual_seed(2)
    for number in range(100 * micro_batches):
        noisy = 0.5 + torch.randint(2, (), generator=draw).item()
        last = (number + 1) % micro_batches == 0
        step(weighting, [1.0, noisy, 1.0], (True, True, False), moves=last)
    share = weighting.logits[:2].softmax(0)[0].item()
    assert share == pytest.approx(0.5, abs=0.03)


def test_the_task_that_falls_fastest_loses_weight():
    weighting = build('FAMO').double()
    shares = []
    for number in range(30):
        losses = [0.8**number, 0.95**number, 0.95**number]
        shares.append(step(weighting, losses) * torch.tensor(losses))
    first, last = (s / s.sum() for s in (shares[0], shares[-1]))
    assert last[0] < first[0]
    assert last[1] > first[1]
    assert last[1].item() == pytest.approx(last[2].item())


def test_scale_of_a_loss_does_not_matter():
    """λ_k L_k are the shares, which see only ratios of losses."""
    one, other = build('FAMO').double(), build('FAMO').double()
    scale = torch.tensor([100.0, 1.0, 0.01])
    for losses in ([1.0, 2.0, 4.0], [0.5, 2.0, 3.0], [0.5, 1.0, 2.0]):
        step(one, losses)
        step(other, (torch.tensor(losses) * scale).tolist())
    torch.testing.assert_close(one.logits, other.logits, rtol=1e-5, atol=0)


def test_weights_sum_to_the_number_of_active_tasks():
    weights = step(build('FAMO'), [1.0, 0.0, 3.0], (True, False, True))
    assert weights.sum().item() == pytest.approx(2)


def test_logit_moves_only_with_a_loss_in_both_steps():
    weighting = build('FAMO').double()
    step(weighting, [1.0, 2.0, 4.0])
    step(weighting, [0.5, 0.0, 5.0], (True, False, True))
    step(weighting, [0.4, 3.0, 0.0], (True, True, False))
    assert weighting.updates.tolist() == [1, 0, 1]
    assert weighting.logits[1] == 0
    before = weighting.logits.clone()
    step(weighting, [0.3, 2.0, 4.0])
    # Only det is left, and it can not fall faster than itself.
    assert weighting.updates.tolist() == [2, 0, 1]
    assert torch.equal(weighting.logits[1:], before[1:])
