"""The camera: a pan that swings to and fro, shake, and sudden knocks.

A knock moves everything at once, by as much as an object is wide:
the overlap with the frame before then says little about who is who.
"""

import numpy as np

#: Camera positions lie on this grid (pixels), so that a background is shifted
#: by a crop of one of four prepared images.
GRID = 0.5

_PAN = (0.4, 1.2)  # pixels per frame at its fastest
_SHAKE = 0.7  # pixels, standard deviation
_KNOCK = 40.0  # pixels, largest offset along an axis of the hardest knocks
_KNOCKS_APART = (8, 20)  # frames from one knock to the next


def camera_path(
    length: int, knocks: float, rng: np.random.Generator
) -> np.ndarray:
    """Draw where the camera looks.

    Args:
        length (int): T, the number of frames.
        knocks (float): 0..1, how hard the camera is knocked.
        rng (np.random.Generator): The source of randomness.

    Returns:
        np.ndarray: (T, 2) offsets in pixels on a grid of :data:`GRID`; a
        point of the world appears at its position minus this offset.
    """
    period = rng.uniform(70, 160)
    reach = rng.uniform(*_PAN) * period / (2 * np.pi)
    angle, phase = rng.uniform(0, 2 * np.pi, 2)
    swing = reach * np.sin(2 * np.pi * np.arange(length) / period + phase)
    path = swing[:, None] * np.array([np.cos(angle), np.sin(angle)])
    path += rng.normal(0, _SHAKE, path.shape).clip(-2, 2)
    path += knocks * _knocks(length, rng)
    return np.round(path / GRID) * GRID


def _knocks(length: int, rng: np.random.Generator) -> np.ndarray:
    """Offsets (T, 2) that stay the same from one knock to the next."""
    offsets = np.empty((length, 2))
    start = 0
    while start < length:
        end = start + rng.integers(*_KNOCKS_APART, endpoint=True)
        offsets[start:end] = rng.uniform(-_KNOCK, _KNOCK, 2)
        start = end
    return offsets
