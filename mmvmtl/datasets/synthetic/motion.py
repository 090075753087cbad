"""The clip label: how the objects move together.

Only the motion tells it. Where the objects are follows one distribution for
all labels: distances from a common centre are those that a converging or a
dispersing group has at a random moment.
"""

import numpy as np

MOTIONS = ('drift', 'converge', 'disperse', 'rotate', 'wander')

#: Longest video, in frames: a group can not converge for longer.
MAX_LENGTH = 64

_SPEED = (2.0, 4.0)  # pixels per frame, far from the common centre
_SLOW = 30.0  # pixels from the centre at which half that speed is left
_SPREAD = (6.0, 170.0)  # pixels from the centre in the middle frame
_AIM = 16.0  # pixels, how far from the common centre an object aims


def _unit(angle: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(angle), np.sin(angle)], -1)


def trajectories(
    motion: str,
    num: int,
    length: int,
    size: tuple[int, int],
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw where ``num`` objects are in the world, seen by a still camera.

    Args:
        motion (str): One of :data:`MOTIONS`.
        num (int): N, the number of objects.
        length (int): T, the number of frames.
        size (tuple[int, int]): Width and height of the image in pixels.
        rng (np.random.Generator): The source of randomness.

    Returns:
        np.ndarray: (N, T, 2) centres in pixels.
    """
    speed = rng.uniform(*_SPEED, num)
    angle = rng.uniform(0, 2 * np.pi, num)
    centre = np.array(size) * rng.uniform(0.38, 0.62, 2)
    middle = centre + rng.normal(0, _AIM, (num, 2))
    distances = _dispersing(rng.uniform(*_SPREAD, num), speed, length)
    # A moment of a radial motion: the other motions start from it.
    moment = rng.integers(length)
    common = rng.uniform(0, 2 * np.pi)
    turn = rng.choice([-1, 1])

    if motion in ('converge', 'disperse'):
        radius = distances if motion == 'disperse' else distances[:, ::-1]
        return middle[:, None] + radius[..., None] * _unit(angle)[:, None]
    radius = distances[:, moment]
    time = np.arange(length) - length // 2
    if motion == 'rotate':
        swept = angle[:, None] + turn * np.outer(
            speed / (radius + _SLOW), time
        )
        return middle[:, None] + radius[:, None, None] * _unit(swept)
    start = middle + radius[:, None] * _unit(angle)
    speed = 0.75 * speed
    if motion == 'drift':
        heading = common + rng.normal(0, 0.12, num)
        step = speed[:, None] * _unit(heading)
        return start[:, None] + step[:, None] * time[:, None]
    return start[:, None] + _wander(speed, length, rng)


def _dispersing(
    radius: np.ndarray, speed: np.ndarray, length: int
) -> np.ndarray:
    """Distances (N, T) that grow by ``speed * r / (r + _SLOW)`` a frame.

    They pass ``radius`` (N,) in the middle frame. Objects slow down towards
    the centre, so that none ever crosses it.
    """
    middle = length // 2
    distances = np.empty((len(radius), length))
    distances[:, middle] = radius
    for t in range(middle + 1, length):
        r = distances[:, t - 1]
        distances[:, t] = r + speed * r / (r + _SLOW)
    for t in range(middle - 1, -1, -1):
        r = distances[:, t + 1]
        distances[:, t] = r - speed * r / (r + speed + _SLOW)
    return distances


def _wander(
    speed: np.ndarray, length: int, rng: np.random.Generator
) -> np.ndarray:
    """Smooth random walks (N, T, 2) that pass 0 in the middle frame."""
    num = len(speed)
    swing = rng.uniform(0.6, 1.4, (num, 1)) * rng.choice([-1, 1], (num, 1))
    rate = rng.uniform(0.05, 0.12, (num, 1))
    phase = rng.uniform(0, 2 * np.pi, (num, 1))
    heading = rng.uniform(0, 2 * np.pi, (num, 1)) + swing * np.sin(
        rate * np.arange(length) + phase
    )
    path = np.cumsum(speed[:, None, None] * _unit(heading), 1)
    return path - path[:, length // 2, None]
