"""Which models may be given maps whose channels come last in memory."""

from __future__ import annotations

from torch import nn


def takes_channels_last(model: nn.Module) -> bool:
    """Whether it has no operator of MMCV's.

    Those read maps as if they were contiguous: ``RoIAlign`` returns wrong
    numbers for others, deformable convolutions refuse them.
    """
    return not any(
        type(m).__module__.startswith('mmcv.ops') for m in model.modules()
    )
