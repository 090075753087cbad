"""The methods whose mathematics torchjd has."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.balancing.gramian_weighting import GramianWeighting
from mmvmtl.registry import MODELS


class TorchJDWeighting(GramianWeighting):
    """A stateless weighting of torchjd.

    Args:
        num_tasks (int): T.
        **settings: of torchjd's class.

    Raises:
        UserError: without torchjd.
    """

    #: The class in ``torchjd.aggregation``.
    weighting_class: str

    def __init__(self, num_tasks: int, **settings: Any) -> None:
        super().__init__(num_tasks)
        try:
            from torchjd import aggregation
        except ImportError as error:
            raise UserError(
                f'{type(self).__name__} needs the package torchjd; install '
                "it with: pip install 'mmvmtl[balancing]'"
            ) from error
        self.method = getattr(aggregation, self.weighting_class)(**settings)

    def forward(
        self, gramian: Tensor, tasks: Tensor, losses: Tensor
    ) -> Tensor:
        """See :class:`GramianWeighting`."""
        return self.method(gramian)


@MODELS.register_module()
class MGDA(TorchJDWeighting):
    r"""The shortest convex combination of the gradients.

    `Sener and Koltun, NeurIPS 2018 <https://arxiv.org/abs/1810.04650>`_,
    algorithm 2 (Frank-Wolfe):

    .. math:: \min_{w \ge 0, \sum w = 1} w^\top G w

    Use: ``branch=dict(type='mmvmtl.TaskBranch', weighting='MGDA')``.

    Args:
        num_tasks (int): T.
        epsilon (float): a step below it ends the search, > 0.
        max_iters (int): so many steps at most.
    """

    weighting_class = 'MGDAWeighting'

    def __init__(
        self, num_tasks: int, epsilon: float = 1e-3, max_iters: int = 100
    ) -> None:
        super().__init__(num_tasks, epsilon=epsilon, max_iters=max_iters)


@MODELS.register_module()
class IMTLG(TorchJDWeighting):
    r"""The combination whose projections on all gradients are equal.

    IMTL-G of `Liu et al., ICLR 2021
    <https://openreview.net/forum?id=IMPnRXEWpvr>`_:

    .. math:: w \propto G^+ \sqrt{\operatorname{diag} G}

    Weights may be negative.

    Use: ``branch=dict(type='mmvmtl.TaskBranch', weighting='IMTLG')``.
    """

    weighting_class = 'IMTLGWeighting'

    def __init__(self, num_tasks: int) -> None:
        super().__init__(num_tasks)


@MODELS.register_module()
class AlignedMTL(TorchJDWeighting):
    r"""Gradients made orthogonal and equally long, then added.

    `Senushkin et al., CVPR 2023 <https://arxiv.org/abs/2305.19000>`_:

    .. math:: w = \sigma V \Lambda^{-1/2} V^\top 1, \quad
        G = V \Lambda V^\top

    with :math:`\sigma^2` the least eigenvalue that is not 0.

    Use: ``branch=dict(type='mmvmtl.TaskBranch', weighting='AlignedMTL')``.
    """

    weighting_class = 'AlignedMTLWeighting'

    def __init__(self, num_tasks: int) -> None:
        super().__init__(num_tasks)
