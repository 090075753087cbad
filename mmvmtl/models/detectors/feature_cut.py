"""Cut a stock model's graph at its features, for one gradient per task."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from mmvmtl.errors import UserError
from mmvmtl.models.balancing import task_gradients
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

    Raises:
        UserError: for a loss that the trunk itself makes, as ``aux_head`` of
            MMAction2's TPN does: the gradients of features do not show it.
    """

    def __init__(self, branch: TaskBranch) -> None:
        self.branch = branch
        self.shared: list[Tensor] = []
        self.leaves: list[Tensor] = []
        self.used = False

    def __call__(self, feats: object) -> object:
        """The features in any nesting, cut off where they have a gradient."""
        self.used = True
        return tree_map(self._cut, feats)

    def _cut(self, value: object) -> object:
        if not isinstance(value, Tensor) or not value.requires_grad:
            return value
        balancer = self.branch.balancer
        if value.ndim == 0 and balancer and balancer.source == 'features':
            raise UserError(
                'the backbone or neck of this model makes a loss of its own, '
                'which the gradients of features do not show: set '
                "gramian='parameters' in the TaskBranch"
            )
        for shared, leaf in zip(self.shared, self.leaves):
            if shared is value:
                return leaf
        self.shared.append(value)
        leaf = value
        if not self.branch.scale_heads:
            leaf = value.detach().requires_grad_()
        self.leaves.append(leaf)
        return leaf

    def join(
        self, losses: Sequence[Tensor], tasks: Sequence[str]
    ) -> list[Tensor]:
        """The T losses, connected to the trunk through the branch.

        Raises:
            UserError: if no features came by, so nothing can be balanced.
        """
        if not self.used:
            raise UserError(
                'this model computes its losses without extract_feat, where '
                'MTLWrapper puts the branch: leave branch out, or wrap the '
                'detector inside it'
            )
        if self.branch.scale_heads:
            self.branch.join(tuple(self.shared))
            return list(losses)
        if not self.shared:
            return list(losses)
        views = self.branch(tuple(self.shared), tasks)
        rows = task_gradients(losses, torch.ones(len(losses)), self.leaves)
        joined = []
        for task, loss, row in zip(tasks, losses, rows, strict=True):
            terms = zip(views[task], row, strict=True)
            way = sum((view.to(g) * g).sum() for view, g in terms).to(loss)
            joined.append(loss + (way - way.detach()))
        return joined
