"""IMTL-G: an update that all tasks gain equally from."""

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
class IMTLG(GramianWeighting):
    r"""The combination whose projections on all gradients are equal.

    IMTL-G of `Liu et al., ICLR 2021
    <https://openreview.net/forum?id=IMPnRXEWpvr>`_. With the cosines C of
    the gradients,

    .. math:: w_t \propto \frac{(C^+ 1)_t}{\|g_t\|}

    Weights may be negative, and even their sum; the projections are not.
    Where no update has equal ones, this one's are nearest to it; where it
    vanishes, the weights are 0.

    Use: ``branch=dict(type='mmvmtl.TaskBranch', weighting='IMTLG')``.
    """

    def forward(
        self, gramian: Tensor, tasks: Tensor, losses: Tensor
    ) -> Tensor:
        """See :class:`GramianWeighting`."""
        inverse = torch.linalg.pinv(
            cosines(gramian), rtol=ROUNDING, hermitian=True
        )
        shares = inverse.sum(1)
        # The squared length of the update: 1 at least if C has full rank.
        if shares.sum() < ROUNDING:
            return torch.zeros_like(shares)
        return shares / gramian.diagonal().sqrt()
