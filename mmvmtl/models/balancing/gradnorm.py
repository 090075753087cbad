"""GradNorm: learn loss weights that make tasks train at one pace."""

from __future__ import annotations

import torch
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.balancing.gramian_weighting import GramianWeighting
from mmvmtl.registry import MODELS

#: Adam's, as published.
BETAS = (0.9, 0.999)
EPS = 1e-8


@MODELS.register_module()
class GradNorm(GramianWeighting):
    r"""Learn weights of losses from gradient norms and training rates.

    `Chen et al., ICML 2018 <https://arxiv.org/abs/1711.02257>`_. With the norm
    :math:`G_t = \|w_t \nabla L_t\|`, its mean :math:`\bar G` over tasks and
    the relative inverse training rate :math:`r_t = \frac{L_t / L_t(0)}
    {\operatorname{mean}_s L_s / L_s(0)}`, a step of Adam lessens

    .. math:: \sum_t | G_t - \bar G r_t^\alpha |

    where the second term counts as constant. The weights scale heads as well
    and hold from the next step on. :math:`\log w` is what is learned, so that
    no weight gets negative. :math:`L_t(0)` is the first loss above 0.

    Use: ``branch=dict(type='mmvmtl.TaskBranch', weighting='GradNorm')``.

    Args:
        num_tasks (int): T.
        alpha (float): :math:`\alpha`, how strongly slow tasks are helped.
        lr (float): of Adam; about the relative change of a weight in a step.

    Raises:
        ValueError: unless ``lr`` is positive.
    """

    lags = True
    needs_losses = True
    log_weights: Tensor
    first_losses: Tensor
    moments: Tensor
    updates: Tensor

    def __init__(
        self, num_tasks: int, alpha: float = 1.5, lr: float = 0.025
    ) -> None:
        super().__init__(num_tasks)
        if lr <= 0:
            raise UserError(f'lr={lr}: use a positive number')
        self.alpha = alpha
        self.lr = lr
        self.register_buffer('log_weights', torch.zeros(num_tasks))
        self.register_buffer('first_losses', torch.zeros(num_tasks))
        self.register_buffer('moments', torch.zeros(2, num_tasks))
        # Per task: Adam's bias is one of how often it was active.
        self.register_buffer('updates', torch.zeros(num_tasks))

    def forward(
        self, gramian: Tensor, tasks: Tensor, losses: Tensor
    ) -> Tensor:
        """See :class:`GramianWeighting`."""
        rows = tasks.to(self.log_weights.device)
        first = self.first_losses[rows].to(losses)
        first = torch.where(first > 0, first, losses.clamp(min=0))
        self.first_losses[rows] = first.to(self.first_losses)
        norms = gramian.diagonal().sqrt()
        pace = torch.where(first > 0, losses / first, 1.0).clamp(min=0)
        rate = pace / pace.mean() if pace.mean() > 0 else torch.ones_like(pace)
        excess = norms - norms.mean() * rate**self.alpha
        # d |e^s n - const| / ds, since the norms have the weight e^s in them.
        weights = self._adam(rows, excess.sign() * norms)
        return weights.to(losses).exp()

    def _adam(self, rows: Tensor, slope: Tensor) -> Tensor:
        """One step for the tasks ``rows``; their sum of weights stays."""
        slope = slope.to(self.moments)
        self.updates[rows] += 1
        means = []
        for moment, power, beta in zip(self.moments, (1, 2), BETAS):
            moment[rows] = beta * moment[rows] + (1 - beta) * slope**power
            means.append(moment[rows] / (1 - beta ** self.updates[rows]))
        before = self.log_weights[rows]
        after = before - self.lr * means[0] / (means[1].sqrt() + EPS)
        after += before.logsumexp(0) - after.logsumexp(0)
        self.log_weights[rows] = after
        return after
