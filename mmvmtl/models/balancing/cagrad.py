"""CAGrad: near the mean gradient, help the worst task most."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import torch
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.balancing.gramian_weighting import (
    RIDGE,
    GramianWeighting,
)
from mmvmtl.registry import MODELS

MAX_TASKS = 8


@MODELS.register_module()
class CAGrad(GramianWeighting):
    r"""Maximise the worst improvement in a ball around the mean gradient.

    `Liu et al., NeurIPS 2021 <https://arxiv.org/abs/2110.14048>`_. With the
    mean :math:`g_0` and :math:`g_w = \sum_t w_t g_t`, w on the simplex
    minimises :math:`\langle g_w, g_0 \rangle + c \|g_0\| \|g_w\|`, and

    .. math:: g = g_0 + c \|g_0\| \frac{g_w}{\|g_w\|}

    It is solved exactly on every subset of tasks. c = 0 is the mean. As of
    every method only the direction is used: with weights that sum to T the
    step is :math:`T g / (1 + c \|g_0\| / \|g_w\|)`, which leaves the ball and
    gets short where the tasks can not all improve.

    Use: ``branch=dict(type='mmvmtl.TaskBranch', weighting='CAGrad')``.

    Args:
        num_tasks (int): T, at most 8.
        c (float): radius of the ball in units of :math:`\|g_0\|`, >= 0.

    Raises:
        ValueError: on a negative ``c`` or more than 8 tasks.
    """

    source = 'parameters'

    def __init__(self, num_tasks: int, c: float = 0.5) -> None:
        super().__init__(num_tasks)
        if c < 0:
            raise UserError(f'c={c}: use a radius of at least 0')
        if num_tasks > MAX_TASKS:
            raise UserError(
                f'CAGrad tries every subset of {num_tasks} tasks: use it for '
                f'at most {MAX_TASKS}, or UPGrad'
            )
        self.c = c

    def forward(
        self, gramian: Tensor, tasks: Tensor, losses: Tensor
    ) -> Tensor:
        """See :class:`GramianWeighting`."""
        G = gramian.numpy()
        count = len(G)
        slope = G.mean(1)
        radius = self.c * np.sqrt(max(slope.mean(), 0))

        def length(w: np.ndarray) -> float:
            return np.sqrt(max(w @ G @ w, 0))

        w = min(
            _candidates(G, slope, radius),
            key=lambda w: slope @ w + radius * length(w),
        )
        # Times |g_w|, which vanishes where the tasks can not all improve.
        return torch.from_numpy(length(w) / count + radius * w)


def _candidates(
    G: np.ndarray, slope: np.ndarray, radius: float
) -> Iterator[np.ndarray]:
    r"""Stationary points w >= 0, sum 1, on every set of tasks.

    There :math:`s + r \, G w / \|w\|_G = \mu 1`; with
    :math:`z = w / \|w\|_G`, :math:`z = G^{-1} (\mu 1 - s) / r` and
    :math:`z^\top G z = 1` is quadratic in :math:`\mu`.
    """
    yield from np.eye(len(G))
    sizes = range(2, len(G) + 1) if radius > 0 else ()
    for size in sizes:
        for chosen in combinations(range(len(G)), size):
            index = list(chosen)
            b, ones = slope[index], np.ones(size)
            # Where gradients cancel, the ridge leads to weights that do so.
            part = G[np.ix_(index, index)] + RIDGE * np.eye(size)
            inverse = np.linalg.inv(part)
            points = [inverse @ ones]
            quadratic = (
                ones @ inverse @ ones,
                -2 * ones @ inverse @ b,
                b @ inverse @ b - radius**2,
            )
            points += [
                inverse @ (root.real - b) for root in np.roots(quadratic)
            ]
            for z in points:
                if (z >= 0).all() and z.sum() > 0:
                    w = np.zeros(len(G))
                    w[index] = z / z.sum()
                    yield w
