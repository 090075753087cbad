"""MGDA: the shortest update that all tasks agree on."""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import nnls
from torch import Tensor

from mmvmtl.models.balancing.cone import square_root
from mmvmtl.models.balancing.gramian import cosines
from mmvmtl.models.balancing.gramian_weighting import GramianWeighting
from mmvmtl.registry import MODELS


@MODELS.register_module()
class MGDA(GramianWeighting):
    r"""The shortest convex combination of the gradients.

    `Sener and Koltun, NeurIPS 2018 <https://arxiv.org/abs/1810.04650>`_:

    .. math:: \min_{w \ge 0, \sum w = 1} w^\top G w

    It is solved exactly, where the paper's Frank-Wolfe steps end far off if
    norms are uneven. Least squares over :math:`x \ge 0`,

    .. math:: \|A x\|^2 + (1^\top x - 1)^2, \quad A^\top A = G

    have for :math:`x = s w` the minimum :math:`q / (1 + q)` over s, with
    :math:`q = w^\top G w`: it is least where q is.

    Use: ``branch=dict(type='mmvmtl.TaskBranch', weighting='MGDA')``.
    """

    def forward(
        self, gramian: Tensor, tasks: Tensor, losses: Tensor
    ) -> Tensor:
        """See :class:`GramianWeighting`."""
        norms = gramian.diagonal().sqrt().numpy()
        # In units of the shortest gradient, and with columns of length 1.
        ones = norms.min() / norms
        matrix = np.vstack([square_root(cosines(gramian)), ones])
        found, _ = nnls(matrix, np.eye(len(matrix))[-1])
        return torch.from_numpy(found * ones)
