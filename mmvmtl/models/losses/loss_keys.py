"""Tasks of a model that only knows losses by name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from torch import Tensor

from mmvmtl.errors import UserError

Value = Tensor | Sequence[Tensor]


class LossKeys:
    """Which task each loss of a stock model belongs to.

    Args:
        tasks (dict[str, Sequence[str]]): task name to keys of the model's
            loss dict, or patterns with ``*`` (``'d?.loss_cls'``).

    Raises:
        ValueError: there is no task, a task without keys, or a key that two
            tasks claim.
    """

    def __init__(self, tasks: Mapping[str, Sequence[str]]) -> None:
        if not tasks:
            raise UserError(
                'MTLWrapper has no tasks: give tasks, such as '
                "tasks=dict(cls=['loss_cls'], box=['loss_bbox'])"
            )
        owner: dict[str, str] = {}
        for task, patterns in tasks.items():
            if isinstance(patterns, str) or not patterns:
                raise UserError(
                    f"task '{task}' has no list of loss keys: give one, such "
                    "as ['loss_cls']"
                )
            for pattern in patterns:
                if pattern in owner:
                    raise _twice(pattern, owner[pattern], task)
                owner[pattern] = task
        self.patterns = {task: tuple(keys) for task, keys in tasks.items()}
        self._owner: dict[str, str] = {}
        self._checked = False

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks."""
        return tuple(self.patterns)

    def terms(self, losses: Mapping[str, Value]) -> dict[str, list[Tensor]]:
        """Scalars of each task, summed and averaged as MMEngine does it.

        Keys without ``loss`` in them (``acc``) are only logged and belong to
        nobody.

        Args:
            losses (dict): what the stock model returns.

        Raises:
            UserError: a loss belongs to no task or to two, or a key of the
                config to no loss of the first batch.
        """
        trained = [key for key in losses if 'loss' in key]
        if not self._checked:
            self._check(trained)
            self._checked = True
        found: dict[str, list[Tensor]] = {task: [] for task in self.patterns}
        for key in trained:
            if key not in self._owner:
                self._owner[key] = self._find_owner(key)
            found[self._owner[key]].append(scalar(losses[key]))
        return found

    def _find_owner(self, key: str) -> str:
        owners = [
            task
            for task, patterns in self.patterns.items()
            if any(fnmatchcase(key, pattern) for pattern in patterns)
        ]
        if not owners:
            raise UserError(
                f"the loss '{key}' belongs to no task: add it to the keys of "
                f'one of {", ".join(self.tasks)}, or as a task of its own'
            )
        if len(owners) > 1:
            raise _twice(key, *owners[:2])
        return owners[0]

    def _check(self, keys: Sequence[str]) -> None:
        for task, patterns in self.patterns.items():
            for pattern in patterns:
                if not any(fnmatchcase(key, pattern) for key in keys):
                    near = difflib.get_close_matches(pattern, keys, 1, 0)
                    raise UserError(
                        f"task '{task}': the model has no loss '{pattern}', "
                        f'it has {", ".join(keys)}; did you mean '
                        f"'{''.join(near)}'?"
                    )


def scalar(value: Value) -> Tensor:
    """A loss as MMEngine counts it: means, summed over a list."""
    if isinstance(value, Tensor):
        return value.mean()
    return sum(each.mean() for each in value)


def _twice(key: str, first: str, second: str) -> UserError:
    return UserError(
        f"the loss '{key}' is claimed by task '{first}' and by '{second}': "
        'leave it to one'
    )
