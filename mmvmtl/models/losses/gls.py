"""The geometric mean of the losses."""

from __future__ import annotations

import torch
from torch import Tensor

from mmvmtl.models.losses.base_weighting import BaseWeighting, mean_over_ranks
from mmvmtl.registry import MODELS


@MODELS.register_module()
class GLS(BaseWeighting):
    r"""Geometric loss strategy.

    `Chennupati et al., CVPR Workshops 2019
    <https://arxiv.org/abs/1904.08492>`_:

    .. math:: L = \Big(\prod_{k=1}^{K} L_k\Big)^{1/K}, \quad
        \nabla L = \sum_k \lambda_k \nabla L_k, \quad
        \lambda_k = \frac{L}{K L_k}

    over the K active tasks. The direction of the gradient does not depend on
    the scales of the losses. Its size does, and is 1/K of the plain sum's
    where they are equal. A loss of 0 has no geometric mean with others: its
    task counts as inactive. In a config::

        loss=dict(_delete_=True, type='mmvmtl.GLS')

    Raises:
        ValueError: in the forward, if a loss is negative.
    """

    def weigh(self, losses: Tensor, active: Tensor) -> Tensor:
        r""":math:`L / (K L_k)`, (T,), of the joined batch."""
        losses, active = mean_over_ranks(losses, active)
        self.refuse_negative(losses)
        on = active & (losses > 0)
        count = on.sum().clamp(min=1)
        logs = torch.where(on, losses, 1).log()
        mean = (logs.sum() / count).exp()
        return torch.where(on, mean / (count * losses), 0)
