"""UPGrad: project every gradient so that no task objects, then add."""

from __future__ import annotations

import torch
from torch import Tensor

from mmvmtl.models.balancing.cone import project_onto_dual_cone
from mmvmtl.models.balancing.gramian_weighting import GramianWeighting
from mmvmtl.registry import MODELS


@MODELS.register_module()
class UPGrad(GramianWeighting):
    r"""Sum of the gradients, each projected onto the dual cone of all.

    `Quinton and Rey, 2024 <https://arxiv.org/abs/2406.16232>`_:

    .. math:: g = \sum_t \pi_J(g_t)

    To first order no task gets worse.

    Use: ``branch=dict(type='mmvmtl.TaskBranch', weighting='UPGrad')``.
    """

    source = 'parameters'

    def forward(
        self, gramian: Tensor, tasks: Tensor, losses: Tensor
    ) -> Tensor:
        """See :class:`GramianWeighting`."""
        each = torch.eye(len(gramian), dtype=gramian.dtype)
        parts = [project_onto_dual_cone(wish, gramian) for wish in each]
        return torch.stack(parts).sum(0)
