"""PCGrad: take out of each gradient what opposes another one."""

from __future__ import annotations

import torch
from torch import Tensor

from mmvmtl.models.balancing.gramian_weighting import GramianWeighting
from mmvmtl.models.balancing.order import TaskOrders
from mmvmtl.registry import MODELS


@MODELS.register_module()
class PCGrad(GramianWeighting):
    r"""Project each task's gradient off those it conflicts with.

    `Yu et al., NeurIPS 2020 <https://arxiv.org/abs/2001.06782>`_, algorithm 1
    on the coefficients :math:`c` of :math:`g_i' = \sum_k c_k g_k`: for the
    others j in random order

    .. math:: c_j \leftarrow c_j - \frac{\min((Gc)_j, 0)}{G_{jj}}

    and the weights are the sums of the coefficients over i.

    Use: ``branch=dict(type='mmvmtl.TaskBranch', weighting='PCGrad')``.
    """

    source = 'parameters'

    def __init__(self, num_tasks: int) -> None:
        super().__init__(num_tasks)
        self.orders = TaskOrders()

    def forward(
        self, gramian: Tensor, tasks: Tensor, losses: Tensor
    ) -> Tensor:
        """See :class:`GramianWeighting`."""
        total = torch.zeros_like(losses)
        for i, others in enumerate(self.orders(len(gramian))):
            c = torch.zeros_like(total)
            c[i] = 1
            for j in others:
                c[j] -= (gramian[j] @ c).clamp(max=0) / gramian[j, j]
            total += c
        return total
