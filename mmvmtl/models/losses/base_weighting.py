"""The contract of a weighting: how task losses become one."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Sequence

import torch
from mmengine.dist import all_reduce
from mmengine.model import BaseModule
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.precision import float32_at_least


class BaseWeighting(BaseModule, metaclass=ABCMeta):
    r"""Combine task losses into :math:`\sum_k \lambda_k L_k`.

    A method says only which :math:`\lambda_k` it wants now. The total always
    has that value, so that it is what users read; a method that learns its
    weights adds a gradient without a value (:func:`without_value`).

    Args:
        tasks (Sequence[str]): task names, in the order of the losses. The
            model gives them; a config does not.

    Attributes:
        last_weights (Tensor): :math:`\lambda_k` of the last forward, (T,),
            detached; 0 for a task that was not active.
        begins_anew (bool): its state is of one training and its tasks, and
            not of the network: fine-tuning does not inherit it.

    Raises:
        ValueError: if ``tasks`` is empty or names a task twice.
    """

    begins_anew = True

    def __init__(self, tasks: Sequence[str]) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        if isinstance(tasks, str) or not self.tasks:
            raise UserError(
                f'tasks={tasks!r}: a weighting needs the names of its tasks, '
                "such as ('det', 'cls')"
            )
        for task in self.tasks:
            if self.tasks.count(task) > 1:
                raise UserError(f"task '{task}' is named twice: {self.tasks}")
        self.last_weights = torch.zeros(len(self.tasks))

    @abstractmethod
    def weigh(self, losses: Tensor, active: Tensor) -> Tensor:
        """The weights (T,) for detached ``losses`` (T,).

        They must be the same on all ranks: decide on what
        :func:`mean_over_ranks` gives. Those of inactive tasks are not used.
        """

    def forward(self, losses: Tensor, active: Tensor) -> Tensor:
        """Weigh ``losses`` (T,) of the ``active`` (T,) tasks into one, ().

        An inactive task gets weight 0, but stays in the graph: under DDP its
        parameters must be touched.
        """
        weights = self.weigh(losses.detach(), active)
        weights = torch.where(active, weights, 0)
        self.last_weights = weights.detach()
        return (weights * losses).sum()

    def refuse_negative(self, losses: Tensor) -> None:
        """Name a task whose loss no ratio or logarithm can be taken of.

        Raises:
            ValueError: if one of ``losses`` (T,) is below 0.
        """
        for task, loss in zip(self.tasks, losses.tolist(), strict=True):
            if loss < 0:
                raise UserError(
                    f"the loss of task '{task}' is {loss:.3g}, but "
                    f'{type(self).__name__} needs losses that are not '
                    'negative: weigh it with WeightedMTLLoss or RLW'
                )


def mean_over_ranks(losses: Tensor, active: Tensor) -> tuple[Tensor, Tensor]:
    """The losses of the joined batch, and which of its tasks are active.

    A task's loss is averaged over the ranks where it is active, and 0 if
    there is none. Every rank must call it equally often.

    Args:
        losses (Tensor): (T,), of this rank.
        active (Tensor): (T,) bool, of this rank.

    Returns:
        tuple[Tensor, Tensor]: (T,), float32 at least, and (T,) bool.
    """
    losses = float32_at_least(losses)
    both = torch.stack([torch.where(active, losses, 0), active.to(losses)])
    all_reduce(both)
    total, ranks = both
    return total / ranks.clamp(min=1), ranks > 0


def softmax_over(logits: Tensor, on: Tensor) -> Tensor:
    """Softmax (T,) among the tasks that are ``on`` (T,); 0 for the others."""
    shares = logits.masked_fill(~on, -torch.inf).softmax(0)
    return torch.where(on, shares, 0)


def without_value(values: Tensor, active: Tensor) -> Tensor:
    """A zero, (), with the gradient of the sum of the active ``values``."""
    return torch.where(active, values - values.detach(), 0).sum()
