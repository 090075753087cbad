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


def transformed_bounds(
    outlines: list[np.ndarray], centres: np.ndarray, angles: np.ndarray
) -> np.ndarray:
    """Bounding boxes of outlines that are turned and moved.

    Args:
        outlines (list[np.ndarray]): N arrays (V, 2) in pixels around the
            object's origin.
        centres (np.ndarray): (N, T, 2) origins in pixels.
        angles (np.ndarray): (N, T) turns in radians.

    Returns:
        np.ndarray: (N, T, 4) xyxy in pixels.
    """
    boxes = np.empty((*angles.shape, 4))
    for box, points, centre, angle in zip(boxes, outlines, centres, angles):
        cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
        x = cos * points[:, 0] - sin * points[:, 1]
        y = sin * points[:, 0] + cos * points[:, 1]
        box[:, 0] = x.min(1) + centre[:, 0]
        box[:, 1] = y.min(1) + centre[:, 1]
        box[:, 2] = x.max(1) + centre[:, 0]
        box[:, 3] = y.max(1) + centre[:, 1]
    return boxes
