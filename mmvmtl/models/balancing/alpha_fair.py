"""Alpha-fair bargaining: Nash-MTL and FairGrad."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.balancing.gramian_weighting import (
    RIDGE,
    GramianWeighting,
)
from mmvmtl.registry import MODELS

#: Newton's method needs ten, and fifty where gradients cancel.
MAX_ITERATIONS = 100
#: Relative change of a weight.
NEAR = 1e-9


@MODELS.register_module()
class FairGrad(GramianWeighting):
    r"""Alpha-fair shares of the improvement.

    `Ban and Ji, ICML 2024 <https://arxiv.org/abs/2402.15638>`_: the weights
    solve

    .. math:: G w = w^{-1/\alpha}, \quad w > 0

    which is where a strictly convex function of w is least: its gradient is
    :math:`G w - w^{-1/\alpha}`.

    Use: ``branch=dict(type='mmvmtl.TaskBranch', weighting='FairGrad')``.

    Args:
        num_tasks (int): T.
        alpha (float): > 0; 1 is Nash-MTL, large values max-min.

    Raises:
        ValueError: unless ``alpha`` is positive.
    """

    def __init__(self, num_tasks: int, alpha: float = 2.0) -> None:
        super().__init__(num_tasks)
        if alpha <= 0:
            raise UserError(f'alpha={alpha}: use a positive number')
        self.alpha = alpha

    def forward(
        self, gramian: Tensor, tasks: Tensor, losses: Tensor
    ) -> Tensor:
        """See :class:`GramianWeighting`."""
        return solve_alpha_fair(gramian, self.alpha)


@MODELS.register_module()
class NashMTL(FairGrad):
    r"""Maximise the product of the tasks' improvements.

    `Navon et al., ICML 2022 <https://arxiv.org/abs/2202.01017>`_: the weights
    solve

    .. math:: G w = 1 / w, \quad w > 0

    Use: ``branch=dict(type='mmvmtl.TaskBranch', weighting='NashMTL')``.
    """

    def __init__(self, num_tasks: int) -> None:
        super().__init__(num_tasks, alpha=1.0)


def solve_alpha_fair(gramian: Tensor, alpha: float) -> Tensor:
    r"""Solve :math:`G w = w^{-1/\alpha}`, w > 0, by Newton's method.

    In :math:`\log w`, relative to w, the matrix of a step is definite. A step
    is shortened until the slope along it no longer points back, so that it
    is right from everywhere.
    """
    # Where gradients cancel, weights would grow without end.
    G = gramian.numpy() + RIDGE * np.eye(len(gramian))
    power = 1 / alpha
    # The solution if no two gradients met.
    w = G.diagonal() ** (-1 / (1 + power))
    for _ in range(MAX_ITERATIONS):
        pull = w ** (1 - power)
        slope = w * (G @ w) - pull
        matrix = w[:, None] * G * w + power * np.diag(pull)
        step = np.linalg.solve(matrix, slope)
        size = np.abs(step).max()
        # The next one would be about the square of it.
        if size < NEAR:
            return torch.from_numpy(w * (1 - step))
        length = 1 / (1 + size)
        while length > NEAR:
            moved = w * (1 - length * step)
            if (w * (G @ moved - moved**-power)) @ step > 0:
                break
            length /= 2
        w = moved
    return torch.from_numpy(w)
