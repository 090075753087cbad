"""Backgrounds with clutter, and the static occluders in front of objects.

Clutter looks like objects (same colours, same patterns of edges) but has none
of the five shapes: bars, rings, arcs and ragged patches.
"""

import cv2
import numpy as np

from mmvmtl.datasets.synthetic.shapes import draw_polygon
from mmvmtl.datasets.synthetic.textures import PALETTES

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


def _colours(num: int, rng: np.random.Generator) -> np.ndarray:
    """Colours (N, 3): half of them those of objects."""
    free = rng.uniform(30, 220, (num, 3))
    pick = rng.integers([len(PALETTES), 2], size=(num, 2))
    known = PALETTES[pick[:, 0], pick[:, 1]]
    return np.where(rng.random((num, 1)) < 0.5, free, known)


def _ragged(
    centres: np.ndarray, radii: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Random polygons without symmetry, (N, 8, 2)."""
    shape = (len(centres), 8)
    angle = np.arange(8) * np.pi / 4 + rng.uniform(0, 0.6, shape)
    reach = radii[:, None] * rng.uniform(0.6, 1.3, shape)
    spokes = np.stack([np.cos(angle), np.sin(angle)], -1)
    return centres[:, None] + reach[..., None] * spokes


def _bars(
    centres: np.ndarray,
    lengths: np.ndarray,
    widths: np.ndarray,
    angles: np.ndarray,
) -> np.ndarray:
    """Turned rectangles, (N, 4, 2)."""
    cos, sin = np.cos(angles), np.sin(angles)
    along = np.stack([cos, sin], -1) * lengths[:, None] / 2
    across = np.stack([-sin, cos], -1) * widths[:, None] / 2
    corners = (along + across, along - across, -along - across, across - along)
    return centres[:, None] + np.stack(corners, 1)


def _draw_clutter(image: np.ndarray, rng: np.random.Generator) -> None:
    height, width = image.shape[:2]
    num = int(rng.integers(18, 32)) * height * width // (300 * 240)
    centres = rng.uniform((0, 0), (width, height), (num, 2))
    radii, angles = rng.uniform(5, 22, num), rng.uniform(0, np.pi, num)
    patches = _ragged(centres, radii, rng)
    bars = _bars(centres, 3 * radii, rng.uniform(2, 7, num), angles)
    flat = radii * rng.uniform(0.3, 1, num)
    start = rng.uniform(0, 360, num)
    reach = np.where(rng.random(num) < 0.5, 360, rng.uniform(60, 200, num))
    arcs = np.stack([np.degrees(angles), start, start + reach], 1).tolist()
    axes = np.stack([radii, flat], 1).astype(int).tolist()
    middles = centres.astype(int).tolist()
    kinds = rng.integers(4, size=num).tolist()
    thick = rng.integers(1, 4, num).tolist()
    for k, colour in enumerate(_colours(num, rng).tolist()):
        if kinds[k] == 0:
            draw_polygon(image, patches[k], colour)
        elif kinds[k] == 1:
            draw_polygon(image, bars[k], colour)
        else:
            arc = (middles[k], axes[k], *arcs[k], colour, thick[k])
            cv2.ellipse(image, *arc, cv2.LINE_AA)


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
        np.ndarray: (H, W) uint8, 0 where an occluder stands, 255 elsewhere.
    """
    mask = np.zeros(image.shape[:2], np.uint8)
    low, high = np.array(area[:2]), np.array(area[2:])
    num = int(rng.integers(3, 6))
    centres = rng.uniform(low, high, (num, 2))
    lying = rng.random(num) < 0.3
    angles = rng.normal(np.where(lying, 0, np.pi / 2), 0.25)
    lengths, widths = rng.uniform(80, 170, num), rng.uniform(9, 18, num)
    posts = _bars(centres, lengths, widths, angles)
    places = np.repeat(centres, 3, 0) + rng.normal(0, 12, (3 * num, 2))
    bushes = _ragged(places, rng.uniform(14, 24, 3 * num), rng)
    for k, is_post in enumerate(rng.random(num) < 0.5):
        for points in posts[k : k + 1] if is_post else bushes[3 * k :][:3]:
            draw_polygon(mask, points, 255)
    cv2.threshold(mask, 127, 255, cv2.THRESH_BINARY, mask)
    grain = (255 * _noise(*mask.shape, 5, rng)).astype(np.uint8)
    dark = rng.uniform(20, 110, 3)
    paint = _tinted(grain, 0.7 * dark, 1.3 * dark)
    cv2.copyTo(paint, mask, image)
    return cv2.bitwise_not(mask)
