"""DualProj: the nearest gradient that no task objects to."""

from __future__ import annotations

import torch
from torch import Tensor

from mmvmtl.models.balancing.cone import project_onto_dual_cone
from mmvmtl.models.balancing.gramian_weighting import GramianWeighting
from mmvmtl.registry import MODELS


@MODELS.register_module()
class DualProj(GramianWeighting):
    r"""Project the sum of the gradients onto the dual cone of all.

    Equation 11 of gradient episodic memory, `Lopez-Paz and Ranzato, NeurIPS
    2017 <https://arxiv.org/abs/1706.08840>`_, on the tasks of a batch:

    .. math:: g = \pi_J(\textstyle\sum_t g_t)

    To first order no task gets worse.

    Use: ``branch=dict(type='mmvmtl.TaskBranch', weighting='DualProj')``.
    """

    source = 'parameters'

    def forward(
        self, gramian: Tensor, tasks: Tensor, losses: Tensor
    ) -> Tensor:
        """See :class:`GramianWeighting`."""
        return project_onto_dual_cone(torch.ones_like(losses), gramian)
