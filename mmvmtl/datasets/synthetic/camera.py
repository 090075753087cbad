"""The camera: a pan that swings to and fro, and shake."""

import numpy as np

#: Camera positions lie on this grid (pixels), so that a background is shifted
#: by a crop of one of four prepared images.
GRID = 0.5

_PAN = (0.4, 1.2)  # pixels per frame at its fastest
_SHAKE = 0.7  # pixels, standard deviation


def camera_path(length: int, rng: np.random.Generator) -> np.ndarray:
    """Draw where the camera looks.

    Args:
        length (int): T, the number of frames.
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
    return np.round(path / GRID) * GRID
