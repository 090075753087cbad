"""The cut through the graph where task gradients are still apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from mmvmtl.autograd_graph import graph_nodes
from mmvmtl.models.balancing.gramian import Row
from mmvmtl.models.balancing.task_gradients import loss_gradient


class Detour(NamedTuple):
    """The gradient of a task's loss that arrives at another task's view."""

    task: int
    view: int
    row: Row


class Cut:
    """What the backward pass of one forward pass does at the cut.

    Until told otherwise it passes on the plain sum, so gradients may be
    taken through it before the weights are known.

    Attributes:
        weigh (Callable, optional): maps the T task gradients to T weights,
            or to None for the plain sum.
    """

    def __init__(self) -> None:
        self.weigh: Callable[[Sequence[Row]], Tensor | None] | None = None
        self._detours: list[Detour] = []
        self._scale: Tensor | float = 1.0

    def split(self, feats: Sequence[Tensor], count: int) -> list[Row]:
        """``count`` views of ``feats``, L levels each."""
        levels = len(feats)
        views = _Split.apply(self, count, *feats)
        return [views[t * levels : (t + 1) * levels] for t in range(count)]

    def watch(
        self,
        losses: Sequence[Tensor],
        factors: Sequence[Tensor],
        views: Sequence[Row],
        total: Tensor,
    ) -> Tensor:
        """Tell losses apart that reach the trunk by the same view.

        A head may read another one's output with its gradient, or tasks may
        be mixed behind the cut. Where no loss does so, nothing is computed.

        Args:
            losses (Sequence[Tensor]): T scalars.
            factors (Sequence[Tensor]): their T weights in ``total``.
            views (Sequence[Row]): from :meth:`split`.
            total (Tensor): ().

        Returns:
            Tensor: ``total``, to be used instead.
        """
        for t, (loss, factor) in enumerate(zip(losses, factors, strict=True)):
            for s in sorted(_views_reached(loss, views) - {t}):
                row = loss_gradient(loss, factor, views[s])
                self._detours.append(Detour(t, s, row))
        # How the optimizer scales the total is known in the backward pass.
        return _Tap.apply(total, self) if self._detours else total

    def scaled_by(self, scale: Tensor) -> None:
        """Learn the gradient of the total."""
        self._scale = scale.detach()

    def untangle(self, rows: Sequence[Row]) -> list[list[Tensor | None]]:
        """Gradients by task, from gradients by view."""
        rows = [list(row) for row in rows]
        for task, view, row in self._detours:
            for level, piece in enumerate(row):
                arrived = rows[view][level]
                if piece is None or arrived is None:
                    continue
                piece = (piece * self._scale).to(arrived.dtype)
                rows[view][level] = arrived - piece
                own = rows[task][level]
                rows[task][level] = piece if own is None else own + piece
        return rows


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
        weights = None
        if ctx.cut.weigh is not None:
            rows = ctx.cut.untangle(rows)
            weights = ctx.cut.weigh(rows)
        return (None, None, *weighted_sum(rows, weights))


class _Tap(torch.autograd.Function):
    """The total; back, tell the cut how it is scaled."""

    @staticmethod
    def forward(total: Tensor, cut: Cut) -> Tensor:
        return total.view_as(total)

    @staticmethod
    def setup_context(ctx, inputs: tuple, output: Tensor) -> None:
        ctx.cut = inputs[1]

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple:
        ctx.cut.scaled_by(grad)
        return grad, None


def _views_reached(loss: Tensor, views: Sequence[Row]) -> set[int]:
    """Which views a loss was computed from.

    The walk ends at the cut. Autograd's own look for it goes through the
    whole trunk, which costs more than the gradients.
    """
    cut = views[0][0].grad_fn
    found = set()
    for node in graph_nodes([loss], stop=cut):
        for after, place in node.next_functions:
            if after is cut:
                found.add(place // len(views[0]))
    return found


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
