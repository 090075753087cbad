"""Two-colour patterns: what tells one instance from its look-alikes.

A pattern covers half of its object with either colour, whatever its family,
so a colour histogram says little about it. Families are split between
training and evaluation.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

#: BGR pairs. Few, so that many instances in many videos share one.
PALETTES = np.array(
    [
        [(60, 60, 225), (235, 225, 215)],
        [(190, 95, 30), (90, 215, 245)],
        [(70, 145, 40), (215, 235, 225)],
        [(160, 50, 130), (170, 200, 250)],
        [(45, 45, 50), (70, 190, 250)],
        [(45, 105, 195), (225, 215, 120)],
    ],
    dtype=np.float32,
)


@dataclass(frozen=True)
class Pattern:
    """One instance's pattern.

    Args:
        family (str): A key of :data:`FAMILIES`.
        frequency (float): Cycles over the object's width.
        angle (float): Its turn against the object, radians.
        phase (float): Radians.
        seed (int): Of the families that draw at random.
    """

    family: str
    frequency: float
    angle: float
    phase: float
    seed: int


def _triangle_wave(x: np.ndarray) -> np.ndarray:
    return 2 / np.pi * np.arcsin(np.sin(x))


def _stripes(u, v, p):
    return np.sin(u + p.phase)


def _checks(u, v, p):
    return np.sin(u + p.phase) * np.sin(v + p.phase)


def _rings(u, v, p):
    return np.cos(np.hypot(u, v) * 1.2 + p.phase)


def _waves(u, v, p):
    return np.sin(u + 1.3 * np.sin(0.8 * v + p.phase))


def _blobs(u, v, p):
    cells = int(np.ceil(2 * p.frequency)) + 2
    noise = np.random.default_rng(p.seed).standard_normal((cells, cells))
    return cv2.resize(
        noise.astype(np.float32),
        (u.shape[1], u.shape[0]),
        interpolation=cv2.INTER_CUBIC,
    )


def _dots(u, v, p):
    return np.cos(u + p.phase) + np.cos(v + 0.7 * p.phase)


def _plaid(u, v, p):
    return np.maximum(np.sin(u + p.phase), np.sin(1.5 * v + p.phase))


def _spokes(u, v, p):
    blades = 2 + round(1.2 * p.frequency)
    return np.sin(blades * np.arctan2(v, u) + p.phase)


def _zigzag(u, v, p):
    return np.sin(u + 1.6 * _triangle_wave(v + p.phase))


def _bricks(u, v, p):
    row = np.floor(v / np.pi + p.phase)
    return np.sin(u + p.phase + row * np.pi / 2)


def _spiral(u, v, p):
    turn = 1 if p.seed % 2 else -1
    return np.sin(np.hypot(u, v) + turn * np.arctan2(v, u) + p.phase)


def _diamonds(u, v, p):
    return np.abs(_triangle_wave(u + p.phase)) + np.abs(_triangle_wave(v))


FAMILIES = dict(
    stripes=_stripes,
    checks=_checks,
    rings=_rings,
    waves=_waves,
    blobs=_blobs,
    dots=_dots,
    plaid=_plaid,
    spokes=_spokes,
    zigzag=_zigzag,
    bricks=_bricks,
    spiral=_spiral,
    diamonds=_diamonds,
)
TRAIN_FAMILIES = (
    'stripes',
    'checks',
    'rings',
    'waves',
    'blobs',
    'dots',
    'plaid',
)
HELD_OUT_FAMILIES = ('spokes', 'zigzag', 'bricks', 'spiral', 'diamonds')


def sample_pattern(
    family: str, side: float, rng: np.random.Generator
) -> Pattern:
    """Draw a pattern that an object ``side`` pixels wide can show."""
    finest = min(3.4, side / 7)
    return Pattern(
        family=family,
        frequency=rng.uniform(0.6 * finest, finest),
        angle=rng.uniform(0, np.pi),
        phase=rng.uniform(0, 2 * np.pi),
        seed=int(rng.integers(1 << 31)),
    )


def paint(
    pattern: Pattern,
    half: list[float],
    inside: np.ndarray,
    colours: np.ndarray,
) -> np.ndarray:
    """Paint a pattern on a canvas whose middle is the object's origin.

    Args:
        pattern (Pattern): What to paint.
        half (list[float]): Half width and half height of the object, pixels.
        inside (np.ndarray): (H, W) uint8, > 127 in the object; the two
            colours get half of it each.
        colours (np.ndarray): (2, 3) BGR.

    Returns:
        np.ndarray: (H, W, 3) uint8 BGR.
    """
    height, width = inside.shape
    x = (np.arange(width, dtype=np.float32) + 0.5 - width / 2) / half[0]
    y = (np.arange(height, dtype=np.float32) + 0.5 - height / 2) / half[1]
    # Python floats, lest NumPy promotes the arrays to float64.
    scale = math.pi * pattern.frequency
    cos = scale * math.cos(pattern.angle)
    sin = scale * math.sin(pattern.angle)
    u = cos * x + (sin * y)[:, None]
    v = (cos * y)[:, None] - sin * x
    field = FAMILIES[pattern.family](u, v, pattern)
    values = field[inside > 127]
    middle = len(values) // 2
    median = float(np.partition(values, middle)[middle])
    # About one pixel from colour to colour, whatever the frequency.
    steep = half[0] / (4 * pattern.frequency * (float(values.std()) + 1e-6))
    steep, shift = 255 * steep, 127.5 - 255 * steep * median
    index = np.clip(field * steep + shift, 0, 255).astype(np.uint8)
    table = np.linspace(colours[1], colours[0], 256).astype(np.uint8)
    return cv2.LUT(cv2.merge([index] * 3), table.reshape(1, 256, 3))
