"""The light on a scene and the noise of the sensor: knobs of the world.

None of it touches the ground truth. Whatever is random is drawn when the
video is, so that any frame can be made without the others.
"""

from functools import lru_cache

import cv2
import numpy as np

#: Pixels by which a bank of noise is larger than a frame.
SPARE = 96


@lru_cache(maxsize=8)
def _grain(height: int, width: int) -> np.ndarray:
    """White noise around 128 with a standard deviation of 32, uint8."""
    rng = np.random.default_rng(0)
    grain = rng.standard_normal((height + SPARE, width + SPARE, 3))
    return (128 + 32 * grain.astype(np.float32)).clip(0, 255).astype(np.uint8)


def smooth_image(
    size: tuple[int, int],
    low: np.ndarray | float,
    high: np.ndarray | float,
    rng: np.random.Generator,
) -> np.ndarray:
    """A smooth random image, (height + SPARE, width + SPARE, 3) uint8.

    Args:
        size (tuple[int, int]): Width and height of a frame in pixels.
        low (np.ndarray | float): Least grey level, or (3,) one a channel.
        high (np.ndarray | float): Greatest.
        rng (np.random.Generator): The source of randomness.
    """
    grid = rng.uniform(low, high, (6, 6, 3)).clip(0, 255).astype(np.uint8)
    larger = (size[0] + SPARE, size[1] + SPARE)
    return cv2.resize(grid, larger, interpolation=cv2.INTER_LINEAR)


def cut(bank: np.ndarray, size: tuple[int, int], place) -> np.ndarray:
    """A view of ``bank``, as large as a frame, from (x, y) = ``place``."""
    x, y = int(place[0]), int(place[1])
    return bank[y : y + size[1], x : x + size[0]]


def swinging_path(length: int, rng: np.random.Generator) -> np.ndarray:
    """Places (T, 2) in 0..SPARE through which a bank of noise slides."""
    rate = rng.uniform(0.06, 0.14, 2)
    phase = rng.uniform(0, 2 * np.pi, 2)
    swing = np.sin(rate * np.arange(length)[:, None] + phase)
    return ((1 + swing) / 2 * (SPARE - 1)).astype(int)


class Light:
    """Light whose brightness and hue vary over the image and over time.

    Args:
        drift (float): 0..1, how much; 0 leaves frames as they are.
        size (tuple[int, int]): Width and height of a frame in pixels.
        length (int): T, the number of frames.
        rng (np.random.Generator): The source of randomness.
    """

    def __init__(
        self,
        drift: float,
        size: tuple[int, int],
        length: int,
        rng: np.random.Generator,
    ) -> None:
        self._drift, self._size = drift, size
        self._path = swinging_path(length, rng)
        hue = 1 + rng.uniform(-0.2, 0.2, 3) * drift
        low, high = 200 * (1 - 0.6 * drift), 200 * (1 + 0.25 * drift)
        self._field = smooth_image(size, low * hue, high * hue, rng)
        rate, phase = rng.uniform(0.05, 0.15), rng.uniform(0, 2 * np.pi)
        pulse = np.sin(rate * np.arange(length) + phase)
        self._gain = (1 + 0.35 * drift * pulse) / 200

    def __call__(self, image: np.ndarray, t: int) -> np.ndarray:
        """Shine on frame t, (H, W, 3) uint8, in place."""
        if not self._drift:
            return image
        field = cut(self._field, self._size, self._path[t])
        return cv2.multiply(image, field, image, float(self._gain[t]))


class Sensor:
    """White noise of a sensor, different in every frame.

    Args:
        noise (float): 0..1; 1 is a standard deviation of 24 grey levels.
        size (tuple[int, int]): Width and height of a frame in pixels.
        length (int): T, the number of frames.
        rng (np.random.Generator): The source of randomness.
    """

    def __init__(
        self,
        noise: float,
        size: tuple[int, int],
        length: int,
        rng: np.random.Generator,
    ) -> None:
        self._strength, self._size = 0.75 * noise, size
        self._places = rng.integers(SPARE, size=(length, 2))

    def __call__(self, image: np.ndarray, t: int) -> np.ndarray:
        """Read out frame t, (H, W, 3) uint8, in place."""
        if not self._strength:
            return image
        grain = cut(_grain(*self._size[::-1]), self._size, self._places[t])
        strength = self._strength
        shift = -128 * strength
        return cv2.addWeighted(image, 1, grain, strength, shift, image)
