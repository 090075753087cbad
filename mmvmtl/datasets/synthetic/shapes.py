"""The object classes of the synthetic world: five outlines.

Shape alone tells a class; size, colours and pattern are drawn apart from it.
"""

import cv2
import numpy as np

CLASSES = ('disc', 'square', 'triangle', 'star', 'cross')

_SHIFT = 4  # fractional bits of OpenCV's fixed-point polygon vertices


def _disc() -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle)], 1)


def _star() -> np.ndarray:
    angle = -np.pi / 2 + np.arange(10) * np.pi / 5
    radius = np.where(np.arange(10) % 2 == 0, 1.0, 0.45)[:, None]
    return radius * np.stack([np.cos(angle), np.sin(angle)], 1)


def _cross() -> np.ndarray:
    a = 0.36
    quarter = np.array([[a, -1], [a, -a], [1, -a]])
    turn = np.array([[0, 1], [-1, 0]])
    parts = [quarter]
    for _ in range(3):
        parts.append(parts[-1] @ turn)
    return np.concatenate(parts)


def _fill_unit_box(points: np.ndarray) -> np.ndarray:
    low, high = points.min(0), points.max(0)
    return (points - (low + high) / 2) / ((high - low) / 2)


#: Vertices (V, 2) of every class, in the box [-1, 1] x [-1, 1], y down.
OUTLINES = tuple(
    _fill_unit_box(points)
    for points in (
        _disc(),
        np.array([[-1.0, -1], [1, -1], [1, 1], [-1, 1]]),
        np.array([[0.0, -1], [1, 1], [-1, 1]]),
        _star(),
        _cross(),
    )
)


#: The same, (5, 32, 2), with the first vertex repeated where there are fewer.
_PADDED = np.stack(
    [np.concatenate([p, np.repeat(p[:1], 32 - len(p), 0)]) for p in OUTLINES]
)


def draw_polygon(canvas: np.ndarray, points: np.ndarray, colour) -> None:
    """Fill a polygon in place, antialiased.

    Args:
        canvas (np.ndarray): uint8 image.
        points (np.ndarray): (V, 2) vertices in pixels, (0, 0) being the
            corner of the first pixel, not its centre.
        colour: What ``cv2.fillPoly`` takes.
    """
    fixed = np.round((points - 0.5) * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(canvas, [fixed], colour, cv2.LINE_AA, _SHIFT)


def turned_bounds(
    labels: np.ndarray, halves: np.ndarray, angles: np.ndarray
) -> np.ndarray:
    """Bounding boxes of turned objects around their origins.

    Args:
        labels (np.ndarray): (N,) classes.
        halves (np.ndarray): (N, 2) half widths and heights, pixels.
        angles (np.ndarray): (N, T) turns in radians.

    Returns:
        np.ndarray: (N, T, 4) xyxy in pixels.
    """
    points = _PADDED[labels] * halves[:, None]
    cos, sin = np.cos(angles)[..., None], np.sin(angles)[..., None]
    px, py = points[:, None, :, 0], points[:, None, :, 1]
    x, y = cos * px - sin * py, sin * px + cos * py
    return np.stack([x.min(2), y.min(2), x.max(2), y.max(2)], -1)
