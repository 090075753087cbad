r"""The weighted sum of task losses, :math:`\sum_k \lambda_k L_k`."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import torch
from mmengine.logging import MessageHub
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.losses.base_weighting import BaseWeighting
from mmvmtl.registry import MODELS

#: A weight, or the first and the last of one that moves.
Weight = float | tuple[float, float]


@MODELS.register_module()
class WeightedMTLLoss(BaseWeighting):
    r"""Combine task losses with fixed weights.

    .. math:: L = \sum_k \lambda_k L_k

    over the tasks that are labelled in the batch. A weight may be a pair,
    the first and the last one, for a task that is learned early and would
    keep pulling at what is shared. With p the share of training that is over
    and ``span`` from b to e, it moves geometrically:

    .. math:: \lambda_k = \lambda_{k0}^{1 - t} \lambda_{k1}^t, \quad
        t = \operatorname{clip}\Big(\frac{p - b}{e - b}, 0, 1\Big)

    Progress is the Runner's, so a resumed run has the right weights; without
    a Runner they are the first ones.

    Args:
        tasks (Sequence[str]): task names, in the order of the losses. The
            detector gives them; a config does not.
        weights (dict[str, float | tuple[float, float]], optional):
            :math:`\lambda_k >= 0` by task name, for every task, or a pair
            > 0; None takes out one that a base config has. All 1 if left
            out.
        span (tuple[float, float]): :math:`0 \le b < e \le 1`, the shares of
            training between which pairs move.

    Raises:
        ValueError: if a task has no weight, or a weight no task, or a number
            is out of its range.
    """

    weights: Tensor
    last: Tensor

    def __init__(
        self,
        tasks: Sequence[str],
        weights: dict[str, Weight | None] | None = None,
        span: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        super().__init__(tasks)
        if weights is None:
            weights = dict.fromkeys(tasks, 1.0)
        if not isinstance(weights, dict):
            raise UserError(
                f'weights={weights!r}: write one number for each task, '
                'such as dict(det=1.0, cls=0.5)'
            )
        weights = {k: v for k, v in weights.items() if v is not None}
        for name in weights:
            if name not in tasks:
                near = difflib.get_close_matches(name, tasks, 1, 0)
                raise UserError(
                    f"weight for unknown task '{name}': the tasks are "
                    f"{', '.join(tasks)}; did you mean '{near[0]}'?"
                )
        for name in tasks:
            if name not in weights:
                raise UserError(
                    f"task '{name}' has no weight: add it to "
                    "'weights' (0 switches its training off)"
                )
        pairs = torch.tensor([_pair(weights[name]) for name in tasks])
        still = pairs[:, 0] == pairs[:, 1]
        if not (
            pairs.isfinite().all()
            and (pairs >= 0).all()
            and (pairs[~still] > 0).all()
        ):
            raise UserError(
                'task weights must be finite and not negative, and those of '
                f'a pair not 0: {weights}'
            )
        if len(span) != 2 or not 0 <= span[0] < span[1] <= 1:
            raise UserError(f'span={span}: write 0 <= begin < end <= 1')
        self.span = span
        self.moves = not bool(still.all())
        self.register_buffer('weights', pairs[:, 0].clone(), persistent=False)
        self.register_buffer('last', pairs[:, 1].clone(), persistent=False)

    def weigh(self, losses: Tensor, active: Tensor) -> Tensor:
        r"""The :math:`\lambda_k` of this point of training, (T,)."""
        if not self.moves:
            return self.weights
        hub = MessageHub.get_current_instance()
        progress = hub.get_info('iter', 0) / hub.get_info('max_iters', 1)
        begin, end = self.span
        share = min(max((progress - begin) / (end - begin), 0.0), 1.0)
        return self.weights ** (1 - share) * self.last**share


def _pair(weight: Weight) -> tuple[float, float]:
    if isinstance(weight, Sequence):
        if len(weight) != 2:
            raise UserError(
                f'the weight {weight} has {len(weight)} numbers: write one, '
                'or a pair from begin to end'
            )
        first, last = weight
        return float(first), float(last)
    return float(weight), float(weight)
