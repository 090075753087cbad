"""Pixels as translators see them."""

from __future__ import annotations

from torch import Tensor


def to_unit(images: Tensor) -> Tensor:
    """Pixels 0..255 as numbers -1..1, float32."""
    return images.float() / 127.5 - 1


def to_pixels(images: Tensor) -> Tensor:
    """Numbers -1..1 as pixels 0..255, uint8, rounded."""
    return ((images + 1) * 127.5).round().clamp(0, 255).byte()
