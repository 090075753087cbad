"""What data sets that change from epoch to epoch have in common."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Fresh(Protocol):
    """A data set whose content depends on the epoch."""

    def set_epoch(self, epoch: int) -> None:
        """Go to the content of that epoch."""
