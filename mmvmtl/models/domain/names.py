"""The names of the domains a part compares."""

from __future__ import annotations

from collections.abc import Sequence

from mmvmtl.errors import UserError


def check_domains(domains: Sequence[str]) -> tuple[str, ...]:
    """The names as a tuple.

    Raises:
        ValueError: if there are fewer than two, or one stands there twice.
    """
    if isinstance(domains, str) or len(domains) < 2:
        raise UserError(
            f'domains={domains!r} leaves nothing to compare: name at least '
            "two, such as ('day', 'fog')"
        )
    for name in domains:
        if list(domains).count(name) > 1:
            raise UserError(
                f"the domain '{name}' is named twice: once is enough"
            )
    return tuple(domains)
