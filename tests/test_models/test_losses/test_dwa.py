import math

import pytest
import torch
from weightings import build, step


def history(weighting, rows):
    return [step(weighting, row).tolist() for row in rows]


def test_golden_value():
    """Means (4, 2, 1) then (2, 2, 1): r = (1/2, 1, 1), T = 2, so
    λ = 3 (e^¼, e^½, e^½) / (e^¼ + 2 e^½) = 0.8408, 1.0796, 1.0796, by hand.
    """
    rows = [[4.0, 2.0, 1.0], [2.0, 2.0, 1.0], [5.0, 5.0, 5.0]]
    *_, weights = history(build('DWA', window=1), rows)
    rates = [math.exp(0.25), math.exp(0.5), math.exp(0.5)]
    assert weights == pytest.approx([3 * r / sum(rates) for r in rates])
    assert weights == pytest.approx([0.8408, 1.0796, 1.0796], abs=1e-4)


def test_first_two_windows_are_the_plain_sum():
    weighting = build('DWA', window=2)
    rows = [[4.0, 2.0, 1.0], [6.0, 1.0, 3.0], [1.0, 7.0, 2.0], [3.0, 1.0, 2.0]]
    assert history(weighting, rows) == [[1, 1, 1]] * 4
    assert step(weighting, [1.0, 1.0, 1.0]).tolist() != [1, 1, 1]


def test_a_window_counts_by_its_mean():
    """Windows of two steps with the means of the golden value."""
    one, two = build('DWA', window=1), build('DWA', window=2)
    history(one, [[4.0, 2.0, 1.0], [2.0, 2.0, 1.0]])
    history(
        two,
        [[5.0, 1.0, 1.0], [3.0, 3.0, 1.0], [0.5, 2.0, 0.5], [3.5, 2.0, 1.5]],
    )
    torch.testing.assert_close(step(one, [1.0] * 3), step(two, [1.0] * 3))


def test_a_long_window_changes_nothing_until_it_is_full():
    weighting = build('DWA', window=3)
    history(weighting, [[3.0, 1.0, 1.0]] * 3 + [[1.0, 1.0, 1.0]] * 3)
    weights = history(weighting, [[2.0, 9.0, 1.0]] * 3)
    assert weights[0] == weights[1] == weights[2] != [1, 1, 1]


def test_weights_sum_to_the_number_of_active_tasks():
    weighting = build('DWA', window=1)
    history(weighting, [[4.0, 2.0, 1.0], [2.0, 2.0, 3.0]])
    weights = step(weighting, [1.0, 0.0, 1.0], (True, False, True))
    assert weights.sum().item() == pytest.approx(2)


def test_scale_of_a_loss_does_not_matter():
    rows = [[4.0, 2.0, 1.0], [2.0, 2.0, 3.0], [1.0, 1.0, 1.0]]
    scaled = [[1e3 * a, b, 1e-3 * c] for a, b, c in rows]
    *_, one = history(build('DWA'), rows)
    *_, other = history(build('DWA'), scaled)
    assert one == pytest.approx(other)


def test_a_task_without_two_windows_counts_as_steady():
    """r = (1/2, 1, 1) again, the last because it was seen but once."""
    weighting = build('DWA', window=1)
    step(weighting, [4.0, 2.0, 0.0], (True, True, False))
    step(weighting, [2.0, 2.0, 8.0])
    weights = step(weighting, [1.0, 1.0, 1.0]).tolist()
    assert weights == pytest.approx([0.8408, 1.0796, 1.0796], abs=1e-4)


def test_high_temperature_is_the_plain_sum():
    weighting = build('DWA', temperature=1e6)
    history(weighting, [[4.0, 2.0, 1.0], [1.0, 2.0, 3.0]])
    weights = step(weighting, [1.0, 1.0, 1.0]).tolist()
    assert weights == pytest.approx([1, 1, 1], abs=1e-4)
