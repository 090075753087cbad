"""More weight for the losses that fall more slowly."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.losses.base_weighting import softmax_over
from mmvmtl.models.losses.step_weighting import StepWeighting
from mmvmtl.registry import MODELS


@MODELS.register_module()
class DWA(StepWeighting):
    r"""Dynamic weight average.

    `Liu et al., CVPR 2019 <https://arxiv.org/abs/1803.10704>`_:

    .. math:: \lambda_k = K \frac{e^{r_k / T}}{\sum_i e^{r_i / T}}, \quad
        r_k = \frac{\bar L_k^{(-1)}}{\bar L_k^{(-2)}}

    over the K active tasks. The means are those of the last two whole
    windows; :math:`r_k = 1` until a task has two, so the first two windows
    are the plain sum. A window without a task leaves its means as they are.
    In a config::

        loss=dict(_delete_=True, type='mmvmtl.DWA', window=500)

    Args:
        tasks (Sequence[str]): as in :class:`BaseWeighting`.
        temperature (float): T > 0; higher means more even weights.
        window (int): optimizer steps per mean, >= 1. The paper takes those
            of an epoch.

    Raises:
        ValueError: on a temperature or window that is not positive; in the
            forward, if a loss is negative.
    """

    total: Tensor
    count: Tensor
    steps: Tensor
    newer: Tensor
    older: Tensor

    def __init__(
        self,
        tasks: Sequence[str],
        temperature: float = 2.0,
        window: int = 100,
    ) -> None:
        super().__init__(tasks)
        if not 0 < temperature < float('inf'):
            raise UserError(
                f'temperature={temperature} must be positive: the paper '
                'takes 2.0'
            )
        if int(window) != window or window < 1:
            raise UserError(
                f'window={window} must be a whole number of optimizer steps, '
                'at least 1'
            )
        self.temperature = temperature
        self.window = window
        # Of newer and older, 0 means that there is no mean yet.
        for name in ('total', 'count', 'newer', 'older'):
            self.register_buffer(name, torch.zeros(len(self.tasks)))
        self.register_buffer('steps', torch.zeros((), dtype=torch.long))

    def advance(self, losses: Tensor) -> None:
        """Add a step to the window; close it when it is full."""
        self.total += losses.nan_to_num(nan=0.0)
        self.count += ~losses.isnan()
        self.steps += 1
        if self.steps < self.window:
            return
        seen = self.count > 0
        mean = self.total / self.count
        self.older.copy_(torch.where(seen, self.newer, self.older))
        self.newer.copy_(torch.where(seen, mean, self.newer))
        for gathered in (self.total, self.count, self.steps):
            gathered.zero_()

    def decide(self, losses: Tensor, active: Tensor) -> Tensor:
        r""":math:`\lambda_k`, (T,), by the last two windows."""
        self.refuse_negative(losses)
        known = (self.newer > 0) & (self.older > 0)
        rates = torch.where(known, self.newer / self.older, 1)
        return active.sum() * softmax_over(rates / self.temperature, active)
