"""Related tasks keep related weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from mmengine.dist import all_reduce
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.balancing import task_gradients
from mmvmtl.models.regularisers.base_regulariser import (
    BaseRegulariser,
    Patterns,
    Shapes,
    TaskVectors,
    pair_matrix,
)
from mmvmtl.registry import MODELS


@MODELS.register_module()
class TaskRelationPenalty(BaseRegulariser):
    r"""Pull the weights of tasks together as far as the tasks are related.

    .. math:: \alpha \sum_{i,j} R_{ij} \lVert w_i - w_j \rVert^2

    over ordered pairs, so each pair counts twice. R is given, or follows
    from the gradients that each task has on its **own** vector,

    .. math:: R_{ij} \leftarrow m R_{ij} + (1 - m) \max(0, \cos(g_i, g_j)),
        \quad g_i = \partial L_i / \partial w_i

    measured every ``interval`` iterations, with gradients averaged over all
    ranks; it starts at 0 (no tie), and only pairs of tasks that are both
    labelled are updated. Tasks that pull against each other are not tied:
    a negative R would push them apart without end. The :math:`g_i` lie
    behind the cut of :class:`TaskBranch`, so measuring them disturbs no
    gradient balancing. A measured R and the iteration are in the checkpoint.

    The family of such terms: `Evgeniou & Pontil, KDD 2004
    <https://doi.org/10.1145/1014052.1014067>`_.

    Args:
        shapes (dict): see :class:`BaseRegulariser`.
        tasks (Sequence[str]): see :class:`BaseRegulariser`.
        parameters (dict[str, str | Sequence[str]]): by task its vector, see
            :func:`find_parameters`; equal shapes for all.
        strength (float): :math:`\alpha \ge 0`.
        relation (Sequence[tuple[str, str, float]], optional): R as
            ``(task, other task, R_ij >= 0)``; pairs left out are unrelated.
            None measures R.
        interval (int): iterations between measurements.
        momentum (float): m, 0..1.

    Raises:
        ValueError: of parameters that do not match, an unknown task, or a
            number out of its range.
    """

    name = 'relation'

    def __init__(
        self,
        shapes: Shapes,
        tasks: Sequence[str],
        parameters: dict[str, Patterns],
        strength: float,
        relation: Sequence[tuple[str, str, float]] | None = None,
        interval: int = 10,
        momentum: float = 0.9,
    ) -> None:
        super().__init__(shapes, tasks, strength)
        if interval < 1 or not 0 <= momentum < 1:
            raise UserError(
                f'interval={interval} must be at least 1 and '
                f'momentum={momentum} in 0..1'
            )
        self.vectors = TaskVectors(parameters, shapes, tasks)
        self.measured = relation is None
        self.interval = interval
        self.momentum = momentum
        matrix = pair_matrix(relation or (), self.vectors.tasks)
        #: (R, R), symmetric, 0 on the diagonal.
        self.register_buffer('relation', matrix, persistent=self.measured)
        self.register_buffer('iteration', torch.tensor(0))

    def forward(
        self, parameters: dict[str, Tensor], losses: Tensor, active: Tensor
    ) -> Tensor:
        """The term, (); measures R first when its turn has come."""
        if self.measured and self.training and losses.requires_grad:
            if int(self.iteration) % self.interval == 0:
                self._measure(parameters, losses, active)
            self.iteration += 1
        rows = self.vectors.stack(parameters)
        apart = (rows[:, None] - rows[None]).square().sum(dim=-1)
        return self.strength * (self.relation.to(apart) * apart).sum()

    def _measure(
        self, parameters: dict[str, Tensor], losses: Tensor, active: Tensor
    ) -> None:
        which = [self.tasks.index(task) for task in self.vectors.tasks]
        rows = []
        for k, names in zip(which, self.vectors.names.values(), strict=True):
            own = [parameters[name] for name in names]
            rows.append(_gradient(losses[k], own))
        gradients = torch.stack(rows).detach()
        all_reduce(gradients, op='mean')
        unit = F.normalize(gradients.double(), dim=1)
        found = (unit @ unit.T).clamp(0, 1).fill_diagonal_(0)
        there = active[which] & (unit.norm(dim=1) > 0)
        both = there[:, None] & there & found.isfinite()
        mixed = torch.lerp(
            found.to(self.relation), self.relation, self.momentum
        )
        self.relation.copy_(torch.where(both, mixed, self.relation))


def _gradient(loss: Tensor, own: Sequence[Tensor]) -> Tensor:
    """Of a loss, (), by a vector of parameters, (P,); 0 for frozen ones."""
    free = [value for value in own if value.requires_grad]
    found: Iterator[Tensor] = iter(())
    if free:
        found = iter(task_gradients([loss], [torch.ones_like(loss)], free)[0])
    return torch.cat(
        [
            (next(found) if v.requires_grad else torch.zeros_like(v)).flatten()
            for v in own
        ]
    )
