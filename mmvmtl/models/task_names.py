"""Names of tasks that a config gives, held to those that exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from mmvmtl.errors import UserError


def check_tasks(names: Iterable[str], tasks: Sequence[str]) -> None:
    """Refuse a name that is none of ``tasks``.

    Raises:
        ValueError: with the nearest of them.
    """
    for name in names:
        if name not in tasks:
            near = difflib.get_close_matches(name, tasks, 1, 0)
            raise UserError(
                f"'{name}' is no task here: there are {', '.join(tasks)}; "
                f"did you mean '{near[0]}'?"
            )
