"""How a module learns that the optimizer has made a step."""

from __future__ import annotations

from torch import Tensor

#: Gradient of a clock: nothing beside any other in a norm, but enough for
#: every optimizer to move a parameter that is 0.
TICK = 1e-12


def tick(clock: Tensor) -> Tensor:
    """A zero, (), to be added to the loss, whose gradient moves ``clock``.

    Args:
        clock (Tensor): (1,), a parameter that is 0. It is moved exactly when
            the optimizer steps; who reads it sets it back.
    """
    return (TICK * (clock - clock.detach())).sum()
