"""Weights learned as the noise of each task."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmvmtl.models.losses.base_weighting import BaseWeighting, without_value
from mmvmtl.registry import MODELS


@MODELS.register_module()
class UncertaintyWeighting(BaseWeighting):
    r"""Weigh each task by a learned homoscedastic uncertainty.

    `Kendall et al., CVPR 2018 <https://arxiv.org/abs/1705.07115>`_, in its
    classification form for every task. What is minimised:

    .. math:: \sum_k e^{-s_k} L_k + \tfrac{1}{2} s_k, \quad
        s_k = \log \sigma_k^2

    with the optimum :math:`s_k = \log 2 L_k`. The total has the value
    :math:`\sum_k e^{-s_k} L_k`, because :math:`\tfrac{1}{2} s_k` is negative
    where a loss is small; only its gradient is added. A fresh instance is
    the plain sum.

    The optimizer of the network learns :math:`s_k`. Weight decay would pull
    the weights to 1::

        loss=dict(_delete_=True, type='mmvmtl.UncertaintyWeighting')
        paramwise_cfg=dict(custom_keys={'weighting': dict(decay_mult=0)})

    Args:
        tasks (Sequence[str]): as in :class:`BaseWeighting`.
    """

    def __init__(self, tasks: Sequence[str]) -> None:
        super().__init__(tasks)
        self.log_var = nn.Parameter(torch.zeros(len(self.tasks)))

    def weigh(self, losses: Tensor, active: Tensor) -> Tensor:
        """:math:`e^{-s_k}`, (T,), with its gradient."""
        return torch.exp(-self.log_var)

    def forward(self, losses: Tensor, active: Tensor) -> Tensor:
        """Weigh ``losses`` (T,) of the ``active`` (T,) tasks into one, ()."""
        total = super().forward(losses, active)
        return total + without_value(0.5 * self.log_var, active)
