"""Parameters of a model by name, module or pattern."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from fnmatch import fnmatchcase


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """Those of ``names`` that a pattern means, in their order.

    Args:
        pattern (str): a parameter's name, a module's, which means all below
            it, or a glob of either, where ``*`` also crosses dots.
        names (Iterable[str]): dotted names of parameters.
    """
    return [
        name
        for name in names
        if fnmatchcase(name, pattern) or fnmatchcase(name, f'{pattern}.*')
    ]


def nearest(pattern: str, names: Iterable[str]) -> str:
    """Three parameters or modules that ``pattern`` may have meant."""
    every: dict[str, None] = {}
    for name in names:
        parts = name.split('.')
        for end in range(1, len(parts) + 1):
            every['.'.join(parts[:end])] = None
    return ', '.join(difflib.get_close_matches(pattern, every, 3, 0))
