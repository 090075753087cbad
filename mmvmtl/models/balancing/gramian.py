"""Inner products of task gradients, alone and over all processes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.dist import all_reduce, get_world_size
from torch import Tensor

from mmvmtl.models.precision import float32_at_least

#: The gradient of one task, in as many tensors as there are feature levels
#: (or parameters). None is a zero.
Row = Sequence[Tensor | None]


def gramian(rows: Sequence[Row]) -> Tensor:
    r"""Inner products :math:`G_{ts} = \langle g_t, g_s \rangle`, (T, T).

    Half-precision gradients are multiplied in float32, under autocast too:
    it would take a matrix product back to half precision, but no dot. Those
    whose products exceed float32, as under the large loss scales that
    bfloat16 leads to, are brought to size first.

    Args:
        rows (Sequence[Row]): T gradients; the tensors at one place of them
            have one shape.

    Returns:
        Tensor: float64.
    """
    flat = [[_flat(piece) for piece in row] for row in rows]
    found = _dots(flat)
    if bool(found.isfinite().all()):
        return found
    pieces = [piece for row in flat for piece in row if piece is not None]
    largest = torch.stack([piece.abs().max() for piece in pieces]).max()
    if not bool(largest.isfinite()):
        return found
    small = [[None if p is None else p / largest for p in row] for row in flat]
    return _dots(small) * largest.double().square()


def _dots(flat: Sequence[Row]) -> Tensor:
    some = next(piece for row in flat for piece in row if piece is not None)
    found = some.new_zeros(len(flat), len(flat), dtype=torch.float64)
    for i, row in enumerate(flat):
        for j, other in enumerate(flat[: i + 1]):
            dots = [
                torch.dot(a, b)
                for a, b in zip(row, other, strict=True)
                if a is not None and b is not None
            ]
            if dots:
                total = torch.stack(dots).sum().double()
                found[i, j] = found[j, i] = total
    return found


def cosines(gramian: Tensor) -> Tensor:
    """Of gradients with this Gramian, (T, T) of positive diagonal."""
    norms = gramian.diagonal().sqrt()
    return gramian / norms[:, None] / norms


def feature_gramian(rows: Sequence[Row]) -> Tensor:
    r"""The Gramian of feature gradients of the batch of all W ranks.

    A rank differentiates its own loss, the total is the mean over ranks, and
    the features of two ranks are different coordinates:

    .. math:: G = \frac{1}{W^2} \sum_r G_r

    Every rank must call it, equally often.
    """
    found = gramian(rows)
    all_reduce(found)
    return found / get_world_size() ** 2


def parameter_gramian(rows: Sequence[Row]) -> Tensor:
    r"""The Gramian of gradients of parameters that all W ranks share.

    These are averaged first, because Gramians of parameters do not add up:

    .. math:: G_{ts} = \langle \tfrac{1}{W} \sum_r g_{tr},
        \tfrac{1}{W} \sum_r g_{sr} \rangle

    Every rank must call it, equally often.

    Args:
        rows (Sequence[Row]): T gradients without None.
    """
    matrix = torch.stack([torch.cat([_flat(g) for g in row]) for row in rows])
    all_reduce(matrix, op='mean')
    return gramian([[row] for row in matrix])


def _flat(piece: Tensor | None) -> Tensor | None:
    """One axis, float32 at least."""
    if piece is None:
        return None
    return float32_at_least(piece.detach().reshape(-1))
