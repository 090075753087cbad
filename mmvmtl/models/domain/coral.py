r"""Align second moments: :math:`\|C_s - C_t\|_F^2 / 4d^2`."""

from __future__ import annotations

from mmengine.model import BaseModule
from torch import Tensor

from mmvmtl.models.domain.pairs import mean_over_pairs
from mmvmtl.registry import MODELS


@MODELS.register_module()
class CORAL(BaseModule):
    r"""Deep CORAL between every two of n domains.

    `Sun and Saenko 2016 <https://arxiv.org/abs/1607.01719>`_:

    .. math:: \operatorname{mean}_{s < t} \frac{1}{4 d^2} \|C_s - C_t\|_F^2
        \; (+ \; \tfrac{1}{d} \|\mu_s - \mu_t\|^2)

    with covariances :math:`C` (divided by N - 1) of d features. The term in
    brackets is DomainBed's (`Gulrajani and Lopez-Paz 2021
    <https://arxiv.org/abs/2007.01434>`_).

    Args:
        means (bool): whether the means are aligned as well.
    """

    def __init__(self, means: bool = False) -> None:
        super().__init__()
        self.means = means

    def forward(self, rows: Tensor, labels: Tensor) -> Tensor:
        """Distance, (), of rows (N, d) whose domains are ``labels`` (N,).

        A domain with a single row has no covariance and is left out.
        """
        return mean_over_pairs(self.distance, rows, labels, least=2)

    def distance(self, one: Tensor, other: Tensor) -> Tensor:
        """Between rows (N, d) and (M, d) of two domains."""
        size = one.shape[1]
        gap = _covariance(one) - _covariance(other)
        total = gap.square().sum() / (4 * size**2)
        if self.means:
            total = total + (one.mean(0) - other.mean(0)).square().mean()
        return total


def _covariance(rows: Tensor) -> Tensor:
    centred = rows - rows.mean(dim=0)
    return centred.T @ centred / (len(rows) - 1)
