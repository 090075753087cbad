"""Arguments that are dicts of options, which their class checks itself."""

from __future__ import annotations

from typing import ClassVar


class Grouped:
    """A class some of whose arguments are dicts of options.

    An option may then be set by ``--cfg-options`` where the config names no
    option of that group yet; the class refuses what it does not know.

    Attributes:
        groups (tuple[str]): names of these arguments.
    """

    groups: ClassVar[tuple[str, ...]] = ()
