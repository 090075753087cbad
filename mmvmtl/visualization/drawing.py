"""Primitives of drawing: OpenCV on uint8 BGR pictures, in place.

Colours follow from a number alone, so that an identity looks the same in
every frame and every run and no random generator is touched (MMDetection's
``TrackLocalVisualizer`` reseeds NumPy's).
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np

Color = tuple[int, int, int]

FONT = cv2.FONT_HERSHEY_SIMPLEX
#: The golden ratio's part after the point spreads successive hues best.
GOLDEN = 0.6180339887498949


@lru_cache(maxsize=4096)
def color_of(number: int) -> Color:
    """Bright BGR colour, 0..255, of an id or class; the same everywhere."""
    hue = (number * GOLDEN) % 1.0
    saturation = (0.95, 0.65)[number // 8 % 2]
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, 1.0)
    return round(255 * blue), round(255 * green), round(255 * red)


def line_width(image: np.ndarray) -> int:
    """Pixels of a line that is visible in a picture of this size."""
    return max(1, round(min(image.shape[:2]) / 300))


def font_scale(image: np.ndarray) -> float:
    """OpenCV font scale that can be read in a picture of this size."""
    return max(0.35, min(image.shape[:2]) / 1200)


def draw_box(
    image: np.ndarray, bbox: Sequence[float], color: Color, text: str = ''
) -> None:
    """Draw a box (xyxy, pixels) with a text on its upper edge."""
    x1, y1, x2, y2 = (round(float(value)) for value in bbox)
    width = line_width(image)
    cv2.rectangle(image, (x1, y1), (x2, y2), color, width)
    if text:
        draw_text(image, text, (x1, y1), color)


def draw_text(
    image: np.ndarray, text: str, corner: tuple[int, int], color: Color
) -> None:
    """Write on a filled ground whose lower left corner is ``corner``.

    The ground is moved into the picture where it would stick out.
    """
    scale, width = font_scale(image), 1
    (w, h), low = cv2.getTextSize(text, FONT, scale, width)
    height = h + low + 2
    x = int(np.clip(corner[0], 0, max(image.shape[1] - w - 2, 0)))
    y = int(np.clip(corner[1], height, max(image.shape[0], height)))
    cv2.rectangle(image, (x, y - height), (x + w + 2, y), color, -1)
    ink = (0, 0, 0) if _is_bright(color) else (255, 255, 255)
    cv2.putText(
        image, text, (x + 1, y - low), FONT, scale, ink, width, cv2.LINE_AA
    )


def draw_trail(image: np.ndarray, points: np.ndarray, color: Color) -> None:
    """Draw a path through the (P, 2) points, oldest first; P < 2: nothing."""
    if len(points) > 1:
        path = np.round(points).astype(np.int32).reshape(-1, 1, 2)
        width = line_width(image)
        cv2.polylines(image, [path], False, color, width, cv2.LINE_AA)


def draw_arrow(
    image: np.ndarray, start: np.ndarray, shift: np.ndarray, color: Color
) -> None:
    """Draw an arrow from (x, y) by (dx, dy) pixels.

    One that is shorter than 2 pixels, or undefined (NaN), is left out.
    """
    length = float(np.hypot(*shift))
    if not np.isfinite(length) or length < 2:
        return
    begin = tuple(round(float(v)) for v in start)
    end = tuple(round(float(v)) for v in start + shift)
    tip = min(0.4, 6 * line_width(image) / length)
    # A dark line below keeps the arrow visible on its own box's colour.
    for paint, extra in (((0, 0, 0), 2), (color, 0)):
        cv2.arrowedLine(
            image,
            begin,
            end,
            paint,
            line_width(image) + extra,
            cv2.LINE_AA,
            tipLength=tip,
        )


def draw_banner(image: np.ndarray, text: str) -> None:
    """Write a line of text on a dark band at the picture's upper edge."""
    scale = 1.2 * font_scale(image)
    (_, h), low = cv2.getTextSize(text, FONT, scale, 1)
    band = image[: h + low + 6]
    np.multiply(band, 0.35, out=band, casting='unsafe')
    place = (4, h + 3)
    cv2.putText(
        image, text, place, FONT, scale, (255, 255, 255), 1, cv2.LINE_AA
    )


def _is_bright(color: Color) -> bool:
    blue, green, red = color
    return 0.114 * blue + 0.587 * green + 0.299 * red > 128
