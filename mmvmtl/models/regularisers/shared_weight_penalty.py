"""Small shared weights."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from mmvmtl.models.regularisers.base_regulariser import (
    BaseRegulariser,
    Patterns,
    Shapes,
    find_parameters,
)
from mmvmtl.registry import MODELS


@MODELS.register_module()
class SharedWeightPenalty(BaseRegulariser):
    r"""The squared norm of the weights that tasks share.

    .. math:: \lambda \lVert W \rVert^2 = \lambda \sum_p \sum_i W_{pi}^2

    Unlike an optimizer's decoupled weight decay it is part of the loss: its
    gradient :math:`2 \lambda W` goes through momentum and adaptive scaling,
    and only named parameters are held small. Norms and biases are left alone
    by a pattern for weights of convolutions, ``'backbone.*.conv.weight'``.

    Args:
        shapes (dict): see :class:`BaseRegulariser`.
        tasks (Sequence[str]): see :class:`BaseRegulariser`.
        parameters (str | Sequence[str]): which, see
            :func:`find_parameters`.
        strength (float): :math:`\lambda \ge 0`.

    Raises:
        ValueError: if a pattern means no parameter.
    """

    name = 'shared'

    def __init__(
        self,
        shapes: Shapes,
        tasks: Sequence[str],
        parameters: Patterns,
        strength: float,
    ) -> None:
        super().__init__(shapes, tasks, strength)
        self.names = find_parameters(parameters, shapes)

    def forward(
        self, parameters: dict[str, Tensor], losses: Tensor, active: Tensor
    ) -> Tensor:
        """The term, (), whatever the losses are."""
        squares = [parameters[name].square().sum() for name in self.names]
        return self.strength * sum(squares)
