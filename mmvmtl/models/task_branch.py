"""The cut between what tasks share and what each has for itself."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.model import BaseModule
from torch import Tensor

from mmvmtl.registry import MODELS


@MODELS.register_module()
class TaskBranch(BaseModule):
    """Hand every task its own view of the shared features.

    The trunk receives the plain sum of the tasks' gradients, as autograd
    forms it.
    """

    def forward(
        self, feats: tuple[Tensor, ...], tasks: Sequence[str]
    ) -> dict[str, tuple[Tensor, ...]]:
        """Map each of ``tasks`` to its features, L levels of (M, C, H, W)."""
        return dict.fromkeys(tasks, feats)
