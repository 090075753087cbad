"""Backgrounds with clutter, and the static occluders in front of objects.

Clutter looks like objects (same colours, same patterns of edges) but has none
of the five shapes: bars, rings, arcs and ragged patches.
"""

import cv2
import numpy as np

from .shapes import draw_polygon
from .textures import PALETTES

TRAIN_GROUNDS = ('clouds', 'planks', 'tiles')
HELD_OUT_GROUNDS = ('gravel', 'marble', 'weave')


def _noise(
    height: int, width: int, cell: float, rng: np.random.Generator
) -> np.ndarray:
    """Smooth noise (height, width) in 0..1 with spots of ``cell`` pixels."""
    grid = (int(height / cell) + 2, int(width / cell) + 2)
    grain = rng.random(grid, dtype=np.float32)
    return cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR)


def _ground(
    kind: str, height: int, width: int, rng: np.random.Generator
) -> np.ndarray:
    """A field (height, width) in 0..1."""
    coarse = _noise(height, width, 40, rng)
    if kind == 'clouds':
        return 0.6 * coarse + 0.4 * _noise(height, width, 11, rng)
    if kind == 'gravel':
        return 0.4 * coarse + 0.6 * _noise(height, width, 4, rng)
    angle = rng.uniform(0, np.pi)
    pitch = rng.uniform(0.15, 0.4)
    x = np.arange(width, dtype=np.float32) * pitch
    y = np.arange(height, dtype=np.float32)[:, None] * pitch
    u = np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y
    v = np.float32(np.cos(angle)) * y - np.float32(np.sin(angle)) * x
    if kind == 'planks':
        return 0.5 * coarse + 0.5 * (u / 3 % 1)
    if kind == 'tiles':
        step = (np.floor(u / 4) + np.floor(v / 4)) % 2
        return 0.6 * coarse + 0.4 * step
    if kind == 'marble':
        return 0.5 + 0.45 * np.sin(0.6 * u + 9 * coarse)
    return 0.5 * coarse + 0.25 * (1 + np.sin(2 * u) * np.sin(2 * v))


def _tinted(index: np.ndarray, low, high) -> np.ndarray:
    """Grey levels (H, W) uint8 shown between two colours, (H, W, 3)."""
    table = np.linspace(low, high, 256).astype(np.uint8)
    return cv2.LUT(cv2.merge([index] * 3), table.reshape(1, 256, 3))


def _colour(rng: np.random.Generator) -> tuple[float, ...]:
    if rng.random() < 0.5:
        return tuple(rng.integers(30, 220, 3).tolist())
    choice = PALETTES[rng.integers(len(PALETTES)), rng.integers(2)]
    return tuple(choice.tolist())


def _ragged(
    centre: np.ndarray, radius: float, rng: np.random.Generator
) -> np.ndarray:
    """A random polygon without symmetry, (8, 2)."""
    angle = np.arange(8) * 2 * np.pi / 8 + rng.uniform(0, 0.6, 8)
    reach = radius * rng.uniform(0.6, 1.3, 8)
    spokes = np.stack([np.cos(angle), np.sin(angle)], 1)
    return centre + reach[:, None] * spokes


def _bar(
    centre: np.ndarray, length: float, width: float, angle: float
) -> np.ndarray:
    along = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    across = np.array([-np.sin(angle), np.cos(angle)]) * width / 2
    return centre + np.stack(
        [along + across, along - across, -along - across, across - along]
    )


def _draw_clutter(image: np.ndarray, rng: np.random.Generator) -> None:
    height, width = image.shape[:2]
    for _ in range(rng.integers(18, 32) * height * width // (300 * 240)):
        centre = rng.uniform((0, 0), (width, height))
        radius, angle = rng.uniform(5, 22), rng.uniform(0, np.pi)
        colour = _colour(rng)
        kind = rng.integers(4)
        if kind == 0:
            draw_polygon(image, _ragged(centre, radius, rng), colour)
        elif kind == 1:
            bar = _bar(centre, 3 * radius, rng.uniform(2, 7), angle)
            draw_polygon(image, bar, colour)
        else:
            middle = tuple(int(value) for value in centre)
            axes = (int(radius), int(radius * rng.uniform(0.3, 1)))
            start = rng.uniform(0, 360)
            end = start + (360 if kind == 2 else rng.uniform(60, 200))
            thick = int(rng.integers(1, 4))
            cv2.ellipse(
                image,
                middle,
                axes,
                np.degrees(angle),
                start,
                end,
                colour,
                thick,
                cv2.LINE_AA,
            )


def draw_background(
    kinds: tuple[str, ...], height: int, width: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw a cluttered background, (height, width, 3) uint8 BGR."""
    field = _ground(kinds[rng.integers(len(kinds))], height, width, rng)
    index = np.clip(field * 255, 0, 255).astype(np.uint8)
    image = _tinted(index, *rng.uniform(50, 200, (2, 3)))
    _draw_clutter(image, rng)
    return image


def draw_occluders(
    image: np.ndarray,
    area: tuple[int, int, int, int],
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw posts and bushes that stand in front of all objects, in place.

    Args:
        image (np.ndarray): (H, W, 3) uint8, the background.
        area (tuple[int, int, int, int]): xyxy in pixels, what the camera
            sees most.
        rng (np.random.Generator): The source of randomness.

    Returns:
        np.ndarray: (H, W) uint8 mask, 255 where an occluder stands.
    """
    mask = np.zeros(image.shape[:2], np.uint8)
    low, high = np.array(area[:2]), np.array(area[2:])
    for _ in range(rng.integers(3, 6)):
        centre = rng.uniform(low, high)
        if rng.random() < 0.5:
            upright = np.pi / 2 + rng.normal(0, 0.25)
            angle = upright if rng.random() < 0.7 else rng.normal(0, 0.25)
            length, width = rng.uniform(80, 170), rng.uniform(9, 18)
            draw_polygon(mask, _bar(centre, length, width, angle), 255)
        else:
            for _ in range(3):
                place = centre + rng.normal(0, 12, 2)
                patch = _ragged(place, rng.uniform(14, 24), rng)
                draw_polygon(mask, patch, 255)
    cv2.threshold(mask, 127, 255, cv2.THRESH_BINARY, mask)
    grain = (255 * _noise(*mask.shape, 5, rng)).astype(np.uint8)
    dark = rng.uniform(20, 110, 3)
    paint = _tinted(grain, 0.7 * dark, 1.3 * dark)
    cv2.copyTo(paint, mask, image)
    return mask
