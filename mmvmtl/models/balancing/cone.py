"""Projection onto the gradients that no task objects to."""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import nnls
from torch import Tensor


def project_onto_dual_cone(wish: Tensor, gramian: Tensor) -> Tensor:
    r"""Weights of the projection of :math:`\sum_t u_t g_t`.

    The dual cone holds every d with :math:`\langle d, g_t \rangle \ge 0` for
    all t. By proposition 1 of `Quinton and Rey
    <https://arxiv.org/abs/2406.16232>`_ the projection has the weights

    .. math:: \operatorname{argmin}_{v \ge u} v^\top G v

    and with :math:`v = u + x`, :math:`G = A^\top A` this is the non-negative
    least-squares problem :math:`\min_{x \ge 0} \|A x + A u\|`, which an
    active-set method solves exactly.

    Args:
        wish (Tensor): u, (T,).
        gramian (Tensor): G, (T, T), float64.
    """
    root = square_root(gramian)
    more, _ = nnls(root, -root @ wish.numpy())
    return wish + torch.from_numpy(more)


def square_root(gramian: Tensor) -> np.ndarray:
    r"""A, (T, T), with :math:`G = A^\top A` of a semidefinite G."""
    values, vectors = np.linalg.eigh(gramian.numpy())
    return np.sqrt(values.clip(min=0))[:, None] * vectors.T
