"""Sums, norms and softmaxes need more bits than half precision has."""

from __future__ import annotations

import torch
from torch import Tensor


def float32_at_least(values: Tensor) -> Tensor:
    """``values`` in float32 if their type is narrower, else as they are."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
