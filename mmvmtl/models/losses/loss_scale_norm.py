"""Losses divided by their own running scale."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.clock import tick
from mmvmtl.models.losses.build import build_loss_weighting
from mmvmtl.models.losses.step_weighting import StepWeighting
from mmvmtl.registry import MODELS


@MODELS.register_module()
class LossScaleNorm(StepWeighting):
    r"""Divide each loss by its running mean, then weigh as another does.

    .. math:: L = \sum_k \frac{\lambda_k}{m_k} L_k, \quad
        m_k \leftarrow \beta m_k + (1 - \beta) L_k

    with :math:`\lambda` from ``weighting``, which sees :math:`L_k / m_k`:
    near 1 for every task, whatever unit its loss has. The mean is corrected
    for its start as Adam's are, and moves once per step of the optimizer;
    before the first it is the loss itself. A loss of 0 says nothing about
    the scale. In a config::

        loss=dict(_delete_=True, type='mmvmtl.LossScaleNorm',
                  weighting=dict(type='mmvmtl.RLW'))

    Args:
        tasks (Sequence[str]): as in :class:`BaseWeighting`.
        weighting (dict, optional): config of the weighting behind;
            ``WeightedMTLLoss`` with weights 1 if left out.
        momentum (float): :math:`0 \le \beta < 1`.

    Raises:
        ValueError: on another momentum; in the forward, if a loss is
            negative.
    """

    mean: Tensor
    updates: Tensor

    def __init__(
        self,
        tasks: Sequence[str],
        weighting: dict | None = None,
        momentum: float = 0.99,
    ) -> None:
        super().__init__(tasks)
        if not 0 <= momentum < 1:
            raise UserError(f'momentum={momentum} must lie in [0, 1)')
        self.momentum = momentum
        self.weighting = build_loss_weighting(weighting, self.tasks)
        self.register_buffer('mean', torch.zeros(len(self.tasks)))
        self.register_buffer('updates', torch.zeros(len(self.tasks)))

    def advance(self, losses: Tensor) -> None:
        """Let the means follow the losses of a step."""
        seen = losses > 0
        mean = self.mean.lerp(losses, 1 - self.momentum)
        self.mean.copy_(torch.where(seen, mean, self.mean))
        self.updates += seen

    def decide(self, losses: Tensor, active: Tensor) -> Tensor:
        """One over the scale of each loss, (T,)."""
        self.refuse_negative(losses)
        scale = self.mean / (1 - self.momentum**self.updates)
        scale = torch.where(self.updates > 0, scale, losses)
        return torch.where(scale > 0, 1 / scale, 0)

    def forward(self, losses: Tensor, active: Tensor) -> Tensor:
        """Weigh ``losses`` (T,) of the ``active`` (T,) tasks into one, ()."""
        inverse = self.weigh(losses.detach(), active)
        total = self.weighting(inverse * losses, active)
        self.last_weights = inverse * self.weighting.last_weights
        return total + tick(self.clock)
