"""Which track goes on in which detection: sparse pairs, gains, assignment.

Everything works on lists of pairs (rows, cols), because of the million pairs
that 1,000 tracks and 1,000 detections form some thousand touch.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

# Up to this many pairs, listing them all is cheaper than the sweep (same
# pairs either way once the caller drops those that do not overlap).
_LIST_ALL = 1024
# Up to this many cells, one dense solve is cheaper than taking it apart.
_SOLVE_WHOLE = 1 << 17


def all_pairs(n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices (rows, cols), each (n * m,), of all pairs, row-major."""
    return np.divmod(np.arange(n * m), m)


def near_pairs(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs that may overlap: a superset of all pairs with IoU > 0.

    Sweeps along x: sorted by left edge, the boxes of ``b`` that can touch one
    of ``a`` are an interval (its length bounded by the widest of ``b``).

    Args:
        a: Boxes (N, 4), xyxy.
        b: Boxes (M, 4), xyxy.

    Returns:
        Indices into ``a`` and ``b``, each (P,).
    """
    n, m = len(a), len(b)
    if n * m <= _LIST_ALL:
        return all_pairs(n, m)
    order = np.argsort(b[:, 0], kind='stable')
    left = b[order, 0]
    widest = (b[:, 2] - b[:, 0]).max()
    begin = np.searchsorted(left, a[:, 0] - widest)
    count = np.searchsorted(left, a[:, 2]) - begin
    end = np.cumsum(count)
    rows = np.repeat(np.arange(n), count)
    cols = order[np.arange(end[-1]) - np.repeat(end - count - begin, count)]
    top_a, bottom_a = a[:, 1].copy(), a[:, 3].copy()
    top_b, bottom_b = b[:, 1].copy(), b[:, 3].copy()
    near = top_a[rows] < bottom_b[cols]
    near &= top_b[cols] < bottom_a[rows]
    near = np.flatnonzero(near)
    return rows[near], cols[near]


def pair_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """IoU (P,) of ``a[i]`` with ``b[i]``, both (P, 4) of positive area."""
    sides = np.minimum(a[:, 2:], b[:, 2:])
    sides -= np.maximum(a[:, :2], b[:, :2])
    np.maximum(sides, 0, out=sides)
    inter = sides[:, 0] * sides[:, 1]
    sides_a, sides_b = a[:, 2:] - a[:, :2], b[:, 2:] - b[:, :2]
    total = sides_a[:, 0] * sides_a[:, 1] + sides_b[:, 0] * sides_b[:, 1]
    return inter / (total - inter)


def assign(
    rows: np.ndarray, cols: np.ndarray, gain: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One-to-one pairs of maximal total gain, exactly.

    A row or column may stay alone (gain 0), so pairs of gain <= 0 are never
    chosen. Small problems are one dense solve. In large ones a pair that
    gains more than the best rival in its row and the best in its column
    together is taken at once: it is in every best assignment, for taking it
    costs at most those two. What remains is solved by connected component.

    Args:
        rows: (P,) indices, a pair at most once.
        cols: (P,) indices.
        gain: (P,) finite.

    Returns:
        The chosen ``rows`` and ``cols``, each (K,), in no particular order.
    """
    if not len(rows):
        return rows, cols
    if (rows.max() + 1) * (cols.max() + 1) <= _LIST_ALL:
        return _solve(rows, cols, gain)
    pairs = np.flatnonzero(gain > 0)
    rows, cols, gain = rows[pairs], cols[pairs], gain[pairs]
    taken = []
    while True:
        names, r = _compact(rows)
        cnames, c = _compact(cols)
        if len(names) * len(cnames) <= _SOLVE_WHOLE:
            r, c = _solve(r, c, gain)
            taken.append((names[r], cnames[c]))
            break
        sure = gain > _best_rival(r, gain) + _best_rival(c, gain)
        if not sure.any():
            r, c = _solve_components(r, c, gain)
            taken.append((names[r], cnames[c]))
            break
        taken.append((rows[sure], cols[sure]))
        open_ = np.ones(len(names), dtype=bool)
        open_[r[sure]] = False
        copen = np.ones(len(cnames), dtype=bool)
        copen[c[sure]] = False
        left = np.flatnonzero(open_[r] & copen[c])
        rows, cols, gain = rows[left], cols[left], gain[left]
    return tuple(np.concatenate(part) for part in zip(*taken, strict=True))


def _compact(index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct values of ``index`` (P,), sorted, and their positions."""
    if not len(index):
        return index, index
    seen = np.zeros(index.max() + 1, dtype=bool)
    seen[index] = True
    return np.flatnonzero(seen), (np.cumsum(seen) - 1)[index]


def _best_rival(index: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """For each pair the best gain of the others of its row (or column), or 0.

    Args:
        index: (P,) row (or column) of each pair.
        gain: (P,), all positive.
    """
    best = np.zeros(index.max() + 1)
    np.maximum.at(best, index, gain)
    rival = best[index]
    top = np.flatnonzero(gain == rival)
    alone = np.bincount(index[top])[index[top]] == 1
    top = top[alone]
    others = gain.copy()
    others[top] = 0
    best[:] = 0
    np.maximum.at(best, index, others)
    rival[top] = best[index[top]]
    return rival


def _solve_components(
    rows: np.ndarray, cols: np.ndarray, gain: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Best assignment, solved apart where no pair connects."""
    n, m = rows.max() + 1, cols.max() + 1
    graph = csr_array((gain, (rows, cols + n)), shape=(n + m, n + m))
    _, label = connected_components(graph, directed=False)
    label = label[rows]
    order = np.argsort(label, kind='stable')
    parts = np.split(order, np.cumsum(np.bincount(label))[:-1])
    taken = []
    for part in parts:
        names, r = _compact(rows[part])
        cnames, c = _compact(cols[part])
        r, c = _solve(r, c, gain[part])
        taken.append((names[r], cnames[c]))
    return tuple(np.concatenate(part) for part in zip(*taken, strict=True))


def _solve(
    rows: np.ndarray, cols: np.ndarray, gain: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Best assignment in one dense solve."""
    if not len(rows):
        return rows, cols
    table = np.zeros((rows.max() + 1, cols.max() + 1))
    table[rows, cols] = gain
    np.maximum(table, 0, out=table)
    rows, cols = linear_sum_assignment(table, maximize=True)
    real = table[rows, cols] > 0
    return rows[real], cols[real]
