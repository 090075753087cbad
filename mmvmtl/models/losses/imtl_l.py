"""Weights learned so that all losses have one scale."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmvmtl.models.losses.base_weighting import BaseWeighting, without_value
from mmvmtl.registry import MODELS


@MODELS.register_module()
class IMTLL(BaseWeighting):
    r"""The loss balance of impartial multi-task learning, IMTL-L.

    `Liu et al., ICLR 2021 <https://openreview.net/forum?id=IMPnRXEWpvr>`_.
    What is minimised:

    .. math:: \sum_k e^{s_k} L_k - s_k

    with the optimum :math:`e^{s_k} = 1 / L_k`, where every weighed loss is 1
    whatever its scale. The total has the value :math:`\sum_k e^{s_k} L_k`;
    of :math:`-s_k` only the gradient is added. A fresh instance is the plain
    sum.

    The optimizer of the network learns :math:`s_k`. Weight decay would pull
    the weights to 1::

        loss=dict(_delete_=True, type='mmvmtl.IMTLL')
        paramwise_cfg=dict(custom_keys={'weighting': dict(decay_mult=0)})

    Args:
        tasks (Sequence[str]): as in :class:`BaseWeighting`.
    """

    def __init__(self, tasks: Sequence[str]) -> None:
        super().__init__(tasks)
        self.log_scale = nn.Parameter(torch.zeros(len(self.tasks)))

    def weigh(self, losses: Tensor, active: Tensor) -> Tensor:
        """:math:`e^{s_k}`, (T,), with its gradient."""
        return torch.exp(self.log_scale)

    def forward(self, losses: Tensor, active: Tensor) -> Tensor:
        """Weigh ``losses`` (T,) of the ``active`` (T,) tasks into one, ()."""
        total = super().forward(losses, active)
        return total + without_value(-self.log_scale, active)
