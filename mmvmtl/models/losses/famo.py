"""All losses fall at one rate, judged by the losses alone."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.losses.base_weighting import softmax_over
from mmvmtl.models.losses.step_weighting import StepWeighting
from mmvmtl.registry import MODELS

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


@MODELS.register_module()
class FAMO(StepWeighting):
    r"""Fast adaptive multitask optimization.

    `Liu et al., NeurIPS 2023 <https://arxiv.org/abs/2306.03792>`_. Logits
    :math:`w` give shares of the K active tasks, and those weights whose step
    lowers the logarithms of the losses by these shares:

    .. math:: z = \operatorname{softmax}(w), \quad
        \lambda_k = K \frac{z_k / L_k}{\sum_i z_i / L_i}

    K, which the paper leaves out, keeps the learning rate that of the plain
    sum. With the mean losses :math:`L` of a step and :math:`L'` of the next
    one, Adam moves :math:`w` by

    .. math:: \delta_k = \log L_k - \log L'_k, \quad
        g_k = z_k \Big(\delta_k - \sum_i z_i \delta_i\Big) + \gamma w_k

    so that a task that fell faster than the others gets less.

    The paper takes :math:`L'` from a second forward of the same batch. Here
    it is the loss of the **next** batch, which costs nothing; the noise this
    adds to :math:`\delta` cancels over steps, because their sum telescopes.
    It does so only if both are means over equally many micro-batches: the
    logarithm of a noisier mean is lower. So a step is compared when the next
    one is over. A task moves its logit only with a positive loss in both;
    with a loss of 0 it counts as inactive. In a config::

        loss=dict(_delete_=True, type='mmvmtl.FAMO')

    Args:
        tasks (Sequence[str]): as in :class:`BaseWeighting`.
        lr (float): of Adam on the logits, > 0.
        decay (float): :math:`\gamma \ge 0`.

    Raises:
        ValueError: on another lr or decay; in the forward, if a loss is
            negative.
    """

    last: Tensor
    logits: Tensor
    exp_avg: Tensor
    exp_avg_sq: Tensor
    updates: Tensor

    def __init__(
        self, tasks: Sequence[str], lr: float = 0.025, decay: float = 1e-3
    ) -> None:
        super().__init__(tasks)
        if not (0 < lr < float('inf') and 0 <= decay < float('inf')):
            raise UserError(
                f'lr={lr} must be positive and decay={decay} not negative: '
                'the paper takes 0.025 and 0.001'
            )
        self.lr = lr
        self.decay = decay
        # Mean losses of the step before; 0 if there was none.
        self.register_buffer('last', torch.zeros(len(self.tasks)))
        # Adam's steps are counted by task: an absent one's moments rest.
        for name in ('logits', 'exp_avg', 'exp_avg_sq', 'updates'):
            self.register_buffer(name, torch.zeros(len(self.tasks)))

    def advance(self, losses: Tensor) -> None:
        """Move the logits by how much each loss fell."""
        on = (self.last > 0) & (losses > 0)
        delta = torch.where(on, self.last.log() - losses.log(), 0)
        self.last.copy_(losses.nan_to_num(nan=0.0))
        shares = softmax_over(self.logits, on)
        grad = shares * (delta - (shares * delta).sum())
        grad = grad + self.decay * self.logits
        self.updates += on
        mean = self.exp_avg.lerp(grad, 1 - BETA1)
        square = self.exp_avg_sq.lerp(grad.square(), 1 - BETA2)
        step = mean / (1 - BETA1**self.updates)
        step = step / ((square / (1 - BETA2**self.updates)).sqrt() + EPS)
        for old, new in (
            (self.exp_avg, mean),
            (self.exp_avg_sq, square),
            (self.logits, self.logits - self.lr * step),
        ):
            old.copy_(torch.where(on, new, old))

    def decide(self, losses: Tensor, active: Tensor) -> Tensor:
        r""":math:`\lambda_k`, (T,), from the logits and the joined losses."""
        self.refuse_negative(losses)
        on = active & (losses > 0)
        ratios = torch.where(on, softmax_over(self.logits, on) / losses, 0)
        return torch.where(on, on.sum() * ratios / ratios.sum(), 0)
