"""Sparse pairs lose no overlap; assignment in parts is the whole one."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from mmvmtl import boxes as box_ops
from mmvmtl.models.trackers import association
from mmvmtl.models.trackers.association import (
    assign,
    near_pairs,
    pair_iou,
)


def random_boxes(rng, n, extent=400.0):
    corner = rng.uniform(0, extent, (n, 2))
    return np.concatenate([corner, corner + rng.uniform(5, 90, (n, 2))], 1)


def total(rows, cols, gain, chosen):
    value = {(r, c): g for r, c, g in zip(rows, cols, gain)}
    return sum(value[pair] for pair in zip(*chosen))


@pytest.mark.parametrize(('n', 'm'), [(3, 4), (60, 70), (1, 3000)])
def test_near_pairs_hold_every_overlap_once(n, m):
    rng = np.random.default_rng(n)
    a, b = random_boxes(rng, n), random_boxes(rng, m)
    b[: min(n, m)] = a[: min(n, m)]
    rows, cols = near_pairs(a, b)
    pairs = set(zip(rows.tolist(), cols.tolist()))
    assert len(pairs) == len(rows)
    assert pairs >= set(zip(*np.nonzero(box_ops.iou(a, b))))


def test_sweep_leaves_out_what_lies_apart():
    """Boxes on a diagonal only touch themselves."""
    corner = np.arange(100.0)[:, None] * np.full(2, 20.0)
    boxes = np.concatenate([corner, corner + 10], axis=1)
    rows, cols = near_pairs(boxes, boxes)
    np.testing.assert_array_equal(rows, np.arange(100))
    np.testing.assert_array_equal(cols, np.arange(100))


def test_pair_iou_is_the_diagonal_of_the_table():
    rng = np.random.default_rng(0)
    a, b = random_boxes(rng, 50, 60.0), random_boxes(rng, 50, 60.0)
    np.testing.assert_allclose(
        pair_iou(a, b), np.diag(box_ops.iou(a, b)), rtol=1e-12
    )


def test_best_total_beats_the_greedy_choice():
    """0.9 first would leave 0.1; the two 0.8 make more."""
    rows, cols = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    r, c = assign(rows, cols, np.array([0.9, 0.8, 0.8, 0.1]))
    assert set(zip(r, c)) == {(0, 1), (1, 0)}


def test_no_pair_below_the_gate_is_ever_chosen():
    """Staying alone gains 0, more than -0.1; 0 itself is no match either."""
    rows, cols = np.array([0, 1, 2]), np.array([0, 1, 2])
    r, c = assign(rows, cols, np.array([-0.1, 0.0, 0.2]))
    assert (r.tolist(), c.tolist()) == ([2], [2])


def test_no_pairs_no_matches():
    none = np.zeros(0, dtype=int)
    r, c = assign(none, none, np.zeros(0))
    assert len(r) == len(c) == 0


def whole(rows, cols, gain):
    table = np.zeros((rows.max() + 1, cols.max() + 1))
    table[rows, cols] = np.maximum(gain, 0)
    return table[linear_sum_assignment(table, maximize=True)].sum()


@pytest.mark.parametrize('solve_whole', [0, 40, 1 << 17])
@given(seed=st.integers(0, 10**6), ties=st.booleans())
@settings(max_examples=40, deadline=None)
def test_parts_make_the_same_total_as_the_whole(solve_whole, seed, ties):
    """For any split into sure pairs, components and dense rest; with ties."""
    rng = np.random.default_rng(seed)
    n, m = rng.integers(2, 60, 2)
    cells = rng.choice(n * m, min(n * m, rng.integers(1, 150)), replace=False)
    rows, cols = np.unravel_index(cells, (n, m))
    gain = rng.uniform(-0.2, 1, len(rows))
    gain = gain.round(1) if ties else gain
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(association, '_LIST_ALL', 0)
        patch.setattr(association, '_SOLVE_WHOLE', solve_whole)
        chosen = assign(rows, cols, gain)
    for side in chosen:
        assert len(set(side.tolist())) == len(side)
    np.testing.assert_allclose(
        total(rows, cols, gain, chosen), whole(rows, cols, gain), atol=1e-9
    )


def test_all_small_problems_by_brute_force():
    """2x2 with gains from {-1, 0, 1, 2}: the best of all 7 matchings."""
    rows, cols = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    for gain in itertools.product([-1.0, 0.0, 1.0, 2.0], repeat=4):
        chosen = assign(rows, cols, np.array(gain))
        best = max(0, *gain, gain[0] + gain[3], gain[1] + gain[2])
        assert total(rows, cols, gain, chosen) == best
