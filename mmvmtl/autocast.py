"""Whether a piece of code runs in float16, which gradients underflow in."""

from __future__ import annotations

import torch

from mmvmtl.errors import UserError


def in_float16(device: torch.device) -> bool:
    """Whether autocast makes float16 of what is computed on ``device``."""
    return torch.is_autocast_enabled(device.type) and (
        torch.get_autocast_dtype(device.type) is torch.float16
    )


def refuse_float16(device: torch.device, what: str) -> None:
    """Raise where ``what`` takes gradients that no GradScaler has scaled.

    Raises:
        UserError: under autocast to float16.
    """
    if in_float16(device):
        raise UserError(
            f'{what} takes gradients inside a step, which underflow in '
            "float16; set dtype='bfloat16' in optim_wrapper"
        )
