"""Cut a stock model's graph at its features, for one gradient per task."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from mmvmtl.models.balancing import dense, task_gradients
from mmvmtl.models.task_branch import TaskBranch


class FeatureCut:
    """The trunk's outputs, and the leaves that the head is given instead.

    A stock head computes all losses from the same features, so no view of
    its own tells a task's gradient apart. Here each task's gradient at the
    features is taken first; then ``view · gradient`` is added to its loss,
    with value 0, where the view is what a :class:`TaskBranch` hands out. In
    the one backward that follows, the branch receives from each task exactly
    what it would in a model made for it, times the task's weight; the head
    is trained through the loss itself. That costs T backwards of the head.

    With ``scale_heads`` the branch weighs whole losses, and no cut is needed.

    Args:
        branch (TaskBranch): the balancing.
    """

    def __init__(self, branch: TaskBranch) -> None:
        self.branch = branch
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
        leaf = value
        if not self.branch.scale_heads:
            leaf = value.detach().requires_grad_()
        self.leaves.append(leaf)
        return leaf

    def join(self, losses: Tensor, tasks: Sequence[str]) -> Tensor:
        """The losses (T,), connected to the trunk through the branch."""
        if self.branch.scale_heads:
            self.branch.join(tuple(self.shared))
            return losses
        if not self.shared:
            return losses
        views = self.branch(tuple(self.shared), tasks)
        rows = task_gradients(losses, torch.ones_like(losses), self.leaves)
        ways = []
        for task, row in zip(tasks, dense(rows, self.leaves), strict=True):
            terms = zip(views[task], row, strict=True)
            ways.append(sum((view.to(g) * g).sum() for view, g in terms))
        way = torch.stack(ways).to(losses)
        return losses + (way - way.detach())
