"""The contract of a regulariser, and parameters found by their names."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Iterable, Sequence

import torch
from mmengine.model import BaseModule
from torch import Size, Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.task_names import check_tasks
from mmvmtl.parameter_names import matching, nearest

Shapes = dict[str, Size]
Patterns = str | Sequence[str]


class BaseRegulariser(BaseModule, metaclass=ABCMeta):
    """A term that the detector adds to the weighted total of the losses.

    It is logged, detached, as ``regulariser.loss_<name>``.

    Args:
        shapes (dict[str, Size]): shape of every parameter of the model by
            name; the detector gives it.
        tasks (Sequence[str]): all tasks in the order of their losses; the
            detector gives them.
        strength (float): what the term is multiplied by, >= 0.

    Raises:
        ValueError: if ``strength`` is negative or not finite.
    """

    name: str = ''

    def __init__(
        self, shapes: Shapes, tasks: Sequence[str], strength: float
    ) -> None:
        super().__init__()
        if not 0 <= strength < float('inf'):
            raise UserError(
                f'strength={strength} of {type(self).__name__} must be '
                'finite and not negative'
            )
        self.shapes = dict(shapes)
        self.tasks = tuple(tasks)
        self.strength = strength

    @abstractmethod
    def forward(
        self, parameters: dict[str, Tensor], losses: Tensor, active: Tensor
    ) -> Tensor:
        """The term, ().

        Args:
            parameters (dict[str, Tensor]): all of the model, by name.
            losses (Tensor): (T,), each task's loss, with its graph.
            active (Tensor): (T,) bool, the tasks labelled on any rank.
        """


def find_parameters(patterns: Patterns, names: Iterable[str]) -> list[str]:
    """Names that ``patterns`` mean, in the order of ``names``.

    A pattern is a parameter's name, a module's, which means all below it, or
    a glob of either, where ``*`` also crosses dots.

    Raises:
        ValueError: if a pattern means nothing; with the nearest names.
    """
    names = list(names)
    patterns = [patterns] if isinstance(patterns, str) else list(patterns)
    found: set[str] = set()
    for pattern in patterns:
        meant = matching(pattern, names)
        if not meant:
            raise UserError(
                f"no parameter is meant by '{pattern}'; the nearest names "
                f'are {nearest(pattern, names)}'
            )
        found.update(meant)
    return [name for name in names if name in found]


class TaskVectors:
    """A vector of weights for each of some tasks, all of one length P.

    Args:
        patterns (dict[str, str | Sequence[str]]): by task what
            :func:`find_parameters` looks for.
        shapes (dict[str, Size]): shape of every parameter by name.
        tasks (Sequence[str]): those that exist.

    Raises:
        ValueError: if there are not two tasks, a name is unknown, or shapes
            differ between tasks.
    """

    def __init__(
        self,
        patterns: dict[str, Patterns],
        shapes: Shapes,
        tasks: Sequence[str],
    ) -> None:
        check_tasks(patterns, tasks)
        if len(patterns) < 2:
            raise UserError(
                'a relation of tasks needs parameters of at least two, not '
                f'of {list(patterns)}'
            )
        self.names = {
            task: find_parameters(patterns[task], shapes)
            for task in tasks
            if task in patterns
        }
        self.tasks = tuple(self.names)
        sizes = {
            task: [tuple(shapes[name]) for name in names]
            for task, names in self.names.items()
        }
        first = sizes[self.tasks[0]]
        for task, size in sizes.items():
            if size != first:
                raise UserError(
                    'weights of related tasks must have the same shapes in '
                    f"the same order, but '{self.tasks[0]}' has {first} and "
                    f"'{task}' {size}"
                )

    def stack(self, parameters: dict[str, Tensor]) -> Tensor:
        """W, the (R, P) matrix of the R tasks' vectors, with its graph."""
        return torch.stack(
            [
                torch.cat([parameters[name].flatten() for name in names])
                for names in self.names.values()
            ]
        )


def pair_matrix(
    pairs: Sequence[tuple[str, str, float]], tasks: Sequence[str]
) -> Tensor:
    """A symmetric (R, R) matrix from ``(task, other task, strength)``.

    Raises:
        ValueError: of an unknown task, a task paired with itself, or a
            negative strength.
    """
    matrix = torch.zeros(len(tasks), len(tasks))
    for pair in pairs:
        if len(pair) != 3:
            raise UserError(
                f'the pair {tuple(pair)} must be (task, other task, strength)'
            )
        first, second, strength = pair
        check_tasks((first, second), tasks)
        if first == second or not 0 <= strength < float('inf'):
            raise UserError(
                f"the pair ('{first}', '{second}', {strength}) must join two "
                'tasks by a finite strength that is not negative'
            )
        i, j = tasks.index(first), tasks.index(second)
        matrix[i, j] = matrix[j, i] = strength
    return matrix
