"""Nash-MTL: the update on which the tasks would agree by bargaining."""

from __future__ import annotations

import torch
from torch import Tensor

from mmvmtl.models.balancing.gramian_weighting import GramianWeighting
from mmvmtl.registry import MODELS

#: Newton's method needs ten; where gradients cancel, weights grow without
#: end while their direction settles.
MAX_ITERATIONS = 60


@MODELS.register_module()
class NashMTL(GramianWeighting):
    r"""Maximise the product of the tasks' improvements.

    `Navon et al., ICML 2022 <https://arxiv.org/abs/2202.01017>`_: the weights
    solve

    .. math:: G \alpha = 1 / \alpha, \quad \alpha > 0

    which is where the convex, self-concordant :math:`\tfrac{1}{2}
    \alpha^\top G \alpha - \sum_t \log \alpha_t` is least; damped Newton steps
    reach it from everywhere.

    Use: ``branch=dict(type='mmvmtl.TaskBranch', weighting='NashMTL')``.
    """

    def forward(
        self, gramian: Tensor, tasks: Tensor, losses: Tensor
    ) -> Tensor:
        """See :class:`GramianWeighting`."""
        # The solution if no two gradients met.
        alpha = gramian.diagonal().rsqrt()
        for _ in range(MAX_ITERATIONS):
            slope = gramian @ alpha - 1 / alpha
            # In units of alpha, where the matrix is at least the identity.
            matrix = alpha[:, None] * gramian * alpha[None]
            matrix = matrix + torch.eye(len(alpha), dtype=alpha.dtype)
            step = torch.linalg.solve(matrix, alpha * slope)
            decrement = (step @ (alpha * slope)).clamp(min=0).sqrt()
            alpha = alpha * (1 - step / (1 + decrement))
            if decrement < 1e-14:
                break
        return alpha
