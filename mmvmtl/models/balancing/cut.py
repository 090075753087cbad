"""The cut through the graph where task gradients are still apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from mmvmtl.models.balancing.gramian import Row


class Cut:
    """What the backward pass of one forward pass does at the cut.

    Until told otherwise it passes on the plain sum, so gradients may be
    taken through it before the weights are known.

    Attributes:
        weigh (Callable, optional): maps the T task gradients to T weights.
    """

    def __init__(self) -> None:
        self.weigh: Callable[[Sequence[Row]], Tensor] | None = None

    def split(
        self, feats: Sequence[Tensor], tasks: Sequence[str]
    ) -> dict[str, tuple[Tensor, ...]]:
        """Every task's own view of ``feats``, L levels."""
        levels = len(feats)
        views = _Split.apply(self, len(tasks), *feats)
        return {
            task: views[t * levels : (t + 1) * levels]
            for t, task in enumerate(tasks)
        }


class _Split(torch.autograd.Function):
    """T views of L tensors; back, a weighted sum of T gradients."""

    @staticmethod
    def forward(cut: Cut, count: int, *feats: Tensor) -> tuple[Tensor, ...]:
        return tuple(f.view_as(f) for _ in range(count) for f in feats)

    @staticmethod
    def setup_context(ctx, inputs: tuple, output: tuple) -> None:
        ctx.cut, ctx.count, *feats = inputs
        ctx.levels = len(feats)
        # A task that was not asked for costs nothing.
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx, *grads: Tensor | None) -> tuple:
        rows = [
            grads[t * ctx.levels : (t + 1) * ctx.levels]
            for t in range(ctx.count)
        ]
        weights = None if ctx.cut.weigh is None else ctx.cut.weigh(rows)
        return (None, None, *weighted_sum(rows, weights))


def weighted_sum(
    rows: Sequence[Row], weights: Tensor | None
) -> list[Tensor | None]:
    """Sum T gradients, each of L tensors, with ``weights`` (T,) or plainly."""
    sums = []
    for pieces in zip(*rows, strict=True):
        total = None
        for t, piece in enumerate(pieces):
            if piece is None:
                continue
            if weights is not None:
                piece = piece * weights[t].to(piece.device, piece.dtype)
            total = piece if total is None else total + piece
        sums.append(total)
    return sums
