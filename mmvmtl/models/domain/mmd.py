"""Align distributions: the maximum mean discrepancy."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor

from mmvmtl.models.domain.pairs import mean_over_pairs
from mmvmtl.registry import MODELS


@MODELS.register_module()
class MMD(BaseModule):
    r"""Squared MMD between every two of n domains, several RBF kernels.

    `Gretton et al., JMLR 2012 <https://jmlr.org/papers/v13/gretton12a.html>`_
    (the biased estimate, >= 0), kernels as in `Long et al., ICML 2015
    <https://arxiv.org/abs/1502.02791>`_:

    .. math:: \overline{k(x, x')} + \overline{k(y, y')}
        - 2 \, \overline{k(x, y)}, \quad
        k(a, b) = \tfrac{1}{K} \sum_{m} e^{-\|a - b\|^2 / (m b)}

    Args:
        multiples (Sequence[float]): the K factors m > 0.
        bandwidth (float, optional): b > 0; None takes the mean squared
            distance of two different rows, without a gradient.
    """

    def __init__(
        self,
        multiples: Sequence[float] = (0.25, 0.5, 1.0, 2.0, 4.0),
        bandwidth: float | None = None,
    ) -> None:
        super().__init__()
        self.multiples = tuple(multiples)
        self.bandwidth = bandwidth

    def forward(self, rows: Tensor, labels: Tensor) -> Tensor:
        """Discrepancy, (), of rows (N, d) of domains ``labels`` (N,)."""
        return mean_over_pairs(self.distance, rows, labels)

    def distance(self, one: Tensor, other: Tensor) -> Tensor:
        """Between rows (N, d) and (M, d) of two domains."""
        rows = torch.cat([one, other])
        squares = (rows[:, None] - rows[None]).square().sum(dim=2)
        width = self.bandwidth
        if width is None:
            pairs = len(rows) * (len(rows) - 1)
            width = squares.detach().sum() / pairs
            # Rows that are all the same are at no distance in any kernel.
            width = width.clamp(min=torch.finfo(width.dtype).tiny)
        kernel = torch.stack(
            [torch.exp(-squares / (m * width)) for m in self.multiples]
        ).mean(dim=0)
        cut = len(one)
        within = kernel[:cut, :cut].mean() + kernel[cut:, cut:].mean()
        return within - 2 * kernel[:cut, cut:].mean()
