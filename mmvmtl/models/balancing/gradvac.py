"""GradVac: bring gradients to the similarity they usually have."""

from __future__ import annotations

import torch
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.balancing.gramian_weighting import (
    ROUNDING,
    GramianWeighting,
)
from mmvmtl.models.balancing.order import TaskOrders
from mmvmtl.registry import MODELS


@MODELS.register_module()
class GradVac(GramianWeighting):
    r"""Raise the cosine of two tasks to its running mean where it is below.

    `Wang et al., ICLR 2021 <https://arxiv.org/abs/2010.05874>`_, algorithm 1.
    For the others j in random order, with :math:`\phi = \cos(g_i', g_j)` and
    its running mean :math:`\hat\phi_{ij}`, which starts at 0: where
    :math:`\phi < \hat\phi`

    .. math:: g_i' \leftarrow g_i' + \frac{\|g_i'\| (\hat\phi \sqrt{1 - \phi^2}
        - \phi \sqrt{1 - \hat\phi^2})}{\|g_j\| \sqrt{1 - \hat\phi^2}} g_j

    then :math:`\hat\phi \leftarrow (1 - \beta) \hat\phi + \beta \phi`. The
    running means are in the checkpoint.

    Use: ``branch=dict(type='mmvmtl.TaskBranch', weighting='GradVac')``.

    Args:
        num_tasks (int): T.
        beta (float): :math:`\beta`, 0..1.

    Raises:
        ValueError: on another ``beta``.
    """

    source = 'parameters'
    similarity: Tensor

    def __init__(self, num_tasks: int, beta: float = 0.01) -> None:
        super().__init__(num_tasks)
        if not 0 <= beta <= 1:
            raise UserError(f'beta={beta}: use a number from 0 to 1')
        self.beta = beta
        self.orders = TaskOrders()
        self.register_buffer('similarity', torch.zeros(num_tasks, num_tasks))

    def forward(
        self, gramian: Tensor, tasks: Tensor, losses: Tensor
    ) -> Tensor:
        """See :class:`GramianWeighting`."""
        # A cosine of 1 is out of reach: it would take g_j infinitely often.
        aims = self.similarity.to(gramian)[tasks][:, tasks]
        aims = aims.clamp(max=1 - ROUNDING)
        total = torch.zeros_like(losses)
        for i, others in enumerate(self.orders(len(gramian))):
            c = torch.zeros_like(total)
            c[i] = 1
            for j in others:
                c[j] += self._lift(c, gramian, j, aims[i, j])
            total += c
        rows = tasks.to(self.similarity.device)
        self.similarity[rows[:, None], rows] = aims.to(self.similarity)
        return total

    def _lift(self, c: Tensor, gramian: Tensor, j: int, aim: Tensor) -> Tensor:
        """How much of task j to add to ``c`` (A,); moves ``aim``, ()."""
        norm = (c @ gramian @ c).clamp(min=0).sqrt()
        other = gramian[j, j].sqrt()
        if norm == 0:
            return norm
        phi = ((gramian[j] @ c) / (norm * other)).clamp(-1, 1)
        lift = torch.zeros_like(phi)
        if phi < aim:
            root = (1 - aim**2).sqrt()
            lift = norm * (aim * (1 - phi**2).sqrt() - phi * root)
            lift = lift / (other * root)
        aim.mul_(1 - self.beta).add_(self.beta * phi)
        return lift
