import pytest
import torch
from weightings import build, step


def draws(weighting, count):
    return torch.stack(
        [step(weighting, [1.0, 2.0, 3.0]) for _ in range(count)]
    )


def test_mean_weight_is_one_and_the_spread_that_of_the_softmax():
    """Over 2,000 steps; std of 3 softmax(N(0, 1)^3) from 10^6 plain draws."""
    found = draws(build('RLW'), 2000)
    plain = torch.Generator().manual_seed(1)
    normal = torch.randn(1_000_000, 3, generator=plain)
    expected = 3 * normal.softmax(1)
    assert found.mean(0).tolist() == pytest.approx([1] * 3, abs=0.05)
    assert found.std().item() == pytest.approx(expected.std().item(), rel=0.05)


def test_steps_draw_independently():
    found = draws(build('RLW'), 2000) - 1
    lagged = (found[1:] * found[:-1]).mean(0) / found.var(0)
    assert lagged.abs().max() < 0.07


def test_weights_sum_to_the_number_of_active_tasks():
    weights = step(build('RLW'), [1.0, 0.0, 1.0], (True, False, True))
    assert weights.sum().item() == pytest.approx(2)
    assert weights[1] == 0


def test_seed_decides():
    one, same = draws(build('RLW'), 3), draws(build('RLW'), 3)
    assert torch.equal(one, same)
    assert not torch.equal(one, draws(build('RLW', seed=1), 3))


def test_global_generators_are_neither_read_nor_moved():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    one = draws(build('RLW'), 3)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(5)
    assert torch.equal(draws(build('RLW'), 3), one)


def test_micro_batches_of_a_step_share_their_weights():
    weighting = build('RLW')
    first = step(weighting, [1.0, 2.0, 3.0], moves=False)
    assert torch.equal(step(weighting, [3.0, 2.0, 1.0]), first)
    assert not torch.equal(step(weighting, [3.0, 2.0, 1.0]), first)
