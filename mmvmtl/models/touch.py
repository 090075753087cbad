"""A zero that lets DDP see parameters which a batch does not use."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def zero_touch(module: nn.Module) -> Tensor:
    """0, shape (), with a zero gradient for every trainable parameter.

    DDP waits for the gradient of each parameter; one that took no part in
    the loss would hang the other ranks, or raise.
    """
    zero = torch.zeros(())
    for parameter in module.parameters():
        if parameter.requires_grad:
            zero = zero.to(parameter.device) + parameter.sum() * 0
    return zero
