"""Aligned-MTL: the nearest gradients without conflict or dominance."""

from __future__ import annotations

import torch
from torch import Tensor

from mmvmtl.models.balancing.gramian import cosines
from mmvmtl.models.balancing.gramian_weighting import (
    ROUNDING,
    GramianWeighting,
)
from mmvmtl.registry import MODELS


@MODELS.register_module()
class AlignedMTL(GramianWeighting):
    r"""Gradients made orthogonal and equally long, then added.

    `Senushkin et al., CVPR 2023 <https://arxiv.org/abs/2305.19000>`_:

    .. math:: w = \sigma V \Lambda^{-1/2} V^\top 1, \quad
        G = V \Lambda V^\top

    with :math:`\sigma^2` the least eigenvalue that is not 0. How many are
    not is the rank of the cosines, which rounding touches all alike.

    Use: ``branch=dict(type='mmvmtl.TaskBranch', weighting='AlignedMTL')``.
    """

    def forward(
        self, gramian: Tensor, tasks: Tensor, losses: Tensor
    ) -> Tensor:
        """See :class:`GramianWeighting`."""
        rank = (torch.linalg.eigvalsh(cosines(gramian)) > ROUNDING).sum()
        values, vectors = torch.linalg.eigh(gramian)
        values, vectors = values[-rank:], vectors[:, -rank:]
        return vectors @ ((values[0] / values).sqrt() * vectors.sum(0))
