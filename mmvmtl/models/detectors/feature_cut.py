"""Cut a stock model's graph at its features, for one gradient per task."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor
from torch.utils._pytree import tree_map

#: float16 loses gradients below 6e-8; losses are scaled up meanwhile.
HALF_SCALE = 1024.0


class FeatureCut:
    """The trunk's outputs, and the leaves that the head is given instead.

    A stock head computes all losses from the same features, so no view of
    its own tells a task's gradient apart. Here each task's gradient at the
    features is taken first; then ``view · gradient`` is added to its loss,
    with value 0, where the view is what a :class:`TaskBranch` hands out. In
    the one backward that follows, the branch receives from each task exactly
    what it would in a model made for it, times the task's weight; the head
    is trained through the loss itself.
    """

    def __init__(self) -> None:
        self.shared: list[Tensor] = []
        self.leaves: list[Tensor] = []

    def __call__(self, feats: object) -> object:
        """The features in any nesting, cut off where they have a gradient."""
        return tree_map(self._cut, feats)

    def _cut(self, value: object) -> object:
        if not isinstance(value, Tensor) or not value.requires_grad:
            return value
        for shared, leaf in zip(self.shared, self.leaves):
            if shared is value:
                return leaf
        self.shared.append(value)
        self.leaves.append(value.detach().requires_grad_())
        return self.leaves[-1]

    def join(
        self, losses: Tensor, tasks: Sequence[str], branch: BaseModule
    ) -> Tensor:
        """The losses (T,), connected to the trunk through ``branch``."""
        if not self.shared:
            return losses
        views = branch(tuple(self.shared), tasks)
        halves = any(leaf.dtype == torch.float16 for leaf in self.leaves)
        scale = HALF_SCALE if halves else 1.0
        joined = []
        for loss, task in zip(losses, tasks, strict=True):
            way = sum(
                (view.to(loss) * gradient.to(loss) / scale).sum()
                for view, gradient in zip(
                    views[task], self._gradient(loss * scale), strict=True
                )
            )
            joined.append(loss + (way - way.detach()))
        return torch.stack(joined)

    def _gradient(self, loss: Tensor) -> list[Tensor]:
        with torch.autocast(loss.device.type, enabled=False):
            found = torch.autograd.grad(
                loss, self.leaves, retain_graph=True, allow_unused=True
            )
        return [
            torch.zeros_like(leaf) if gradient is None else gradient
            for gradient, leaf in zip(found, self.leaves, strict=True)
        ]
