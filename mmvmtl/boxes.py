"""Box arithmetic on NumPy arrays, xyxy pixels, for trackers and metrics."""

from __future__ import annotations

import numpy as np


def area(boxes: np.ndarray) -> np.ndarray:
    """Areas of ``boxes`` (..., 4) in px², 0 where a side is negative."""
    sides = np.maximum(boxes[..., 2:] - boxes[..., :2], 0)
    return sides[..., 0] * sides[..., 1]


def centres(boxes: np.ndarray) -> np.ndarray:
    """Centres (..., 2) of ``boxes`` (..., 4)."""
    return (boxes[..., :2] + boxes[..., 2:]) / 2


def intersection(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pairwise intersection areas (N, M) of ``a`` (N, 4), ``b`` (M, 4)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.maximum(high - low, 0)
    return sides[..., 0] * sides[..., 1]


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pairwise intersection over union (N, M); 0 where both are empty."""
    inter = intersection(a, b)
    union = area(a)[:, None] + area(b)[None] - inter
    return np.divide(inter, union, out=np.zeros_like(inter), where=union > 0)


def xywh_to_xyxy(boxes: np.ndarray) -> np.ndarray:
    """``[x, y, w, h]`` (..., 4) to ``[x1, y1, x2, y2]``."""
    return np.concatenate(
        [boxes[..., :2], boxes[..., :2] + boxes[..., 2:]], axis=-1
    )


def xyxy_to_xywh(boxes: np.ndarray) -> np.ndarray:
    """``[x1, y1, x2, y2]`` (..., 4) to ``[x, y, w, h]``."""
    return np.concatenate(
        [boxes[..., :2], boxes[..., 2:] - boxes[..., :2]], axis=-1
    )
