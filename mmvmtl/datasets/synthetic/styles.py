"""The domains of the world: one look each, over the same ground truth."""

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np

from mmvmtl.datasets.synthetic.conditions import (
    SPARE,
    Sensor,
    cut,
    smooth_image,
    swinging_path,
)

Look = Callable[[np.ndarray, np.ndarray, int], np.ndarray]


def day(size, length, rng) -> Look:
    """Plain light."""
    return lambda image, owner, t: image


def night(size, length, rng) -> Look:
    """Bluish darkness with a few lamps, and a noisier sensor."""
    glow = smooth_image(size, 25, 185, rng)[..., :1]
    lamps = (glow * np.array([1.15, 0.95, 0.9])).clip(0, 255)
    lamps = lamps.astype(np.uint8)
    path = swinging_path(length, rng)
    sensor = Sensor(0.25, size, length, rng)

    def look(image, owner, t):
        image = cv2.multiply(image, cut(lamps, size, path[t]), scale=1 / 255)
        return sensor(image, t)

    return look


def fog(size, length, rng) -> Look:
    """A grey veil with slow wisps, thicker towards the top."""
    veil = smooth_image(size, 150, 225, rng)
    veil = cv2.merge([veil[..., 0]] * 3)
    path = swinging_path(length, rng)
    thick = rng.uniform(0.5, 0.68)

    def look(image, owner, t):
        wisps = cut(veil, size, path[t])
        return cv2.addWeighted(image, 1 - thick, wisps, thick, 0)

    return look


@lru_cache(maxsize=8)
def _streaks(height: int, width: int) -> np.ndarray:
    """Slanted streaks of rain on black, larger than a frame, uint8."""
    rng = np.random.default_rng(1)
    drops = np.zeros((height + SPARE, width + SPARE), np.uint8)
    for _ in range(drops.size // 220):
        x = int(rng.uniform(0, drops.shape[1]))
        y = int(rng.uniform(0, drops.shape[0]))
        reach = rng.uniform(8, 20)
        end = (int(x - 0.25 * reach), int(y + reach))
        tone = int(rng.integers(50, 140))
        cv2.line(drops, (x, y), end, tone, 1, cv2.LINE_AA)
    return cv2.merge([drops] * 3)


def rain(size, length, rng) -> Look:
    """Bright streaks over a dull, slightly blurred picture."""
    places = rng.integers(SPARE, size=(length, 2))
    grey = np.full((size[1], size[0], 3), (118, 108, 100), np.uint8)

    def look(image, owner, t):
        image = cv2.blur(image, (3, 3))
        image = cv2.addWeighted(image, 0.7, grey, 0.3, -12)
        return cv2.add(image, cut(_streaks(*size[::-1]), size, places[t]))

    return look


def noise(size, length, rng) -> Look:
    """A bad sensor: strong noise, dead and hot pixels."""
    sensor = Sensor(1.0, size, length, rng)
    spots = rng.random((size[1], size[0]))
    dead = np.where(spots[..., None] < 0.004, np.uint8(0), np.uint8(255))
    hot = np.where(spots[..., None] > 0.996, np.uint8(255), np.uint8(0))
    dead, hot = np.repeat(dead, 3, 2), np.repeat(hot, 3, 2)

    def look(image, owner, t):
        return cv2.max(cv2.min(sensor(image, t), dead), hot)

    return look


def thermal(size, length, rng) -> Look:
    """One channel: objects glow, what is behind them is cold and flat."""
    sensor = Sensor(0.15, size, length, rng)
    heat = np.where(np.arange(256) > 0, 105, 30).astype(np.uint8)

    def look(image, owner, t):
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        warm = cv2.blur(cv2.LUT(owner, heat), (3, 3))
        glow = cv2.addWeighted(grey, 0.45, warm, 1.0, 0)
        return sensor(cv2.merge([cv2.GaussianBlur(glow, (3, 3), 0)] * 3), t)

    return look


STYLES: dict[str, Callable[..., Look]] = dict(
    day=day, night=night, fog=fog, rain=rain, noise=noise, thermal=thermal
)


def at_strength(look: Look, strength: float) -> Look:
    """A look mixed with plain light.

    Args:
        look (Look): One of ``STYLES``, made.
        strength (float): 0 is plain light, 1 the look; more goes on along
            the same line.
    """
    if strength == 1:
        return look

    def mixed(image, owner, t):
        # A look may write into what it is given.
        changed = look(image.copy(), owner, t)
        return cv2.addWeighted(image, 1 - strength, changed, strength, 0)

    return mixed
