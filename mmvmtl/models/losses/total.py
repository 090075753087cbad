"""The one number of a joint model that is trained on."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor

#: Of the weighted sum, beside the task losses, which are detached.
TOTAL = 'loss_mtl'


def pick_total(
    losses: dict[str, Tensor],
) -> tuple[Tensor, OrderedDict[str, Tensor]]:
    """Pick the total; MMEngine would add up all that is called a loss.

    Returns:
        tuple: the total, and what is logged: the total as ``loss``, the rest
        under its own name.
    """
    log = OrderedDict(loss=losses[TOTAL])
    log.update(
        (name, value.mean()) for name, value in losses.items() if name != TOTAL
    )
    return losses[TOTAL], log
