"""Gradients of mixed precision as an optimizer gets them."""

from __future__ import annotations

from torch import Tensor
from torch.optim import Optimizer


def gradient_scale(optimizer: Optimizer) -> Tensor | float:
    """How many times too large the gradients are while ``optimizer`` steps.

    1 as a rule: ``torch.amp.GradScaler`` divides by its scale first. A fused
    optimizer does that itself, later, and finds the scale in ``grad_scale``.
    """
    scale = getattr(optimizer, 'grad_scale', None)
    return 1.0 if scale is None else scale
