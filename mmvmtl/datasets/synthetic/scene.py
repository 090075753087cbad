"""Who is in a video and where: instances, their places and their looks."""

from dataclasses import dataclass

import numpy as np

from mmvmtl.datasets.synthetic.camera import camera_path
from mmvmtl.datasets.synthetic.motion import trajectories
from mmvmtl.datasets.synthetic.shapes import CLASSES, turned_bounds
from mmvmtl.datasets.synthetic.textures import (
    PALETTES,
    Pattern,
    sample_pattern,
)

_CANDIDATES = 60
_SIDES = (16.0, 64.0)  # pixels, of the whole box at all times


@dataclass(frozen=True)
class Scene:
    """The instances of one video, from the farthest to the nearest.

    Args:
        labels (np.ndarray): (N,) classes.
        halves (np.ndarray): (N, 2) half width and height before the turn,
            pixels.
        centres (np.ndarray): (N, T, 2) origins in pixels of frame t.
        angles (np.ndarray): (N, T) turns in radians.
        boxes (np.ndarray): (N, T, 4) whole boxes, xyxy in pixels of frame t.
        camera (np.ndarray): (T, 2) offsets of the camera, pixels.
        patterns (list[Pattern]): N patterns.
        colours (np.ndarray): (N, 2, 3) BGR of the two colours.
    """

    labels: np.ndarray
    halves: np.ndarray
    centres: np.ndarray
    angles: np.ndarray
    boxes: np.ndarray
    camera: np.ndarray
    patterns: list[Pattern]
    colours: np.ndarray


def share_inside(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Share of each box's area, (...,), that lies in the image.

    Args:
        boxes (np.ndarray): (..., 4) xyxy in pixels.
        size (tuple[int, int]): Width and height of the image in pixels.
    """
    low = np.maximum(boxes[..., :2], 0)
    high = np.minimum(boxes[..., 2:], size)
    inside = np.clip(high - low, 0, None).prod(-1)
    return inside / (boxes[..., 2:] - boxes[..., :2]).prod(-1)


def select(
    inside: np.ndarray, least: int, most: int, rng: np.random.Generator
) -> np.ndarray:
    """Choose candidates so that every frame holds enough and not too many.

    Args:
        inside (np.ndarray): (C, T) share of candidate c in the image.
        least (int): Choosing ends when every frame holds so many of which a
            good part is inside.
        most (int): Most that a frame may hold in part; never exceeded.
        rng (np.random.Generator): The source of randomness.

    Returns:
        np.ndarray: Indices of the chosen ones, in random order.
    """
    partly = (inside > 0.1).astype(np.float32)
    mostly = (inside > 0.4).astype(np.float32)
    count = np.zeros(inside.shape[1], np.float32)
    total = count.copy()
    stay = partly.sum(1).clip(1) ** 1.6
    free = mostly.sum(1) >= min(8, inside.shape[1] // 2)
    chosen = []
    while count.min() < least:
        free &= partly @ (total >= most) == 0
        if not free.any():
            break
        # Emptier frames count for more, long stays for less: objects shall
        # come and go.
        gain = mostly @ np.exp(-count) / stay * rng.uniform(0.3, 1, len(stay))
        best = int(np.where(free, gain, -1).argmax())
        free[best] = False
        count += mostly[best]
        total += partly[best]
        chosen.append(best)
    return rng.permutation(np.array(chosen, int))


def _looks(
    labels: np.ndarray,
    halves: np.ndarray,
    lasting: np.ndarray,
    classes: tuple[int, ...],
    rng: np.random.Generator,
) -> np.ndarray:
    """Deal ``classes`` and sizes to groups of look-alikes, in place.

    Groups of three to five lasting instances get one class and nearly one
    size; the result, (N,), tells the group of each instance, -1 for those
    in none.
    """
    groups = np.full(len(labels), -1)
    order = rng.permutation(np.flatnonzero(lasting))
    for group, label in enumerate(classes):
        take = 5 if group == 0 else 4
        members, order = order[:take], order[take:]
        if len(members) < 3:
            break
        groups[members] = group
        labels[members] = label
        spread = rng.uniform(0.94, 1.06, halves[members].shape)
        halves[members] = halves[members[0]] * spread
    return groups


def _sizes(num: int, rng: np.random.Generator) -> np.ndarray:
    side = np.exp(rng.uniform(np.log(20), np.log(58), num))
    aspect = np.exp(rng.uniform(-0.18, 0.18, num))
    return np.stack([side * aspect, side / aspect], 1) / 2


def _turns(num: int, length: int, rng: np.random.Generator) -> np.ndarray:
    rest = rng.uniform(-0.25, 0.25, (num, 1))
    swing = rng.uniform(0, 0.25, (num, 1))
    phase = rng.uniform(0, 2 * np.pi, (num, 1))
    return rest + swing * np.sin(0.1 * np.arange(length) + phase)


def _fit_sides(
    labels: np.ndarray, halves: np.ndarray, angles: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Scale objects so that their boxes keep to the allowed sides.

    Returns:
        tuple[np.ndarray, np.ndarray]: ``halves`` (N, 2), scaled, and the
        boxes (N, T, 4) around the origins.
    """
    halves = halves.clip(_SIDES[0] / 2, _SIDES[1] / 2)
    bounds = turned_bounds(labels, halves, angles)
    sides = bounds[..., 2:] - bounds[..., :2]
    shrink = np.minimum(1, (_SIDES[1] - 0.1) / sides.max((1, 2)))
    grow = np.maximum(1, (_SIDES[0] + 0.1) / sides.min((1, 2)))
    scale = (shrink * grow)[:, None]
    return halves * scale, bounds * scale[..., None]


def _colours(
    groups: np.ndarray, distinct: float, rng: np.random.Generator
) -> np.ndarray:
    """Two colours for each instance, (N, 2, 3): most share one palette."""
    main, other = rng.permutation(len(PALETTES))[:2]
    odd = (groups < 0) & (rng.random(len(groups)) < distinct)
    colours = PALETTES[np.where(odd, other, main)]
    return (colours + rng.normal(0, 2, colours.shape)).clip(0, 255)


def _patterns(
    groups: np.ndarray,
    sides: np.ndarray,
    families: tuple[str, ...],
    rng: np.random.Generator,
) -> list[Pattern]:
    """A pattern for each instance; of another family than look-alikes'."""
    patterns: list = [None] * len(groups)
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        deal = np.concatenate(
            [
                rng.permutation(len(families))
                for _ in range(len(members) // len(families) + 1)
            ]
        )
        for member, family in zip(members, deal):
            patterns[member] = sample_pattern(
                families[family], sides[member], rng
            )
    return patterns


def draw_scene(
    motion: str,
    length: int,
    size: tuple[int, int],
    families: tuple[str, ...],
    crowding: float,
    knocks: float,
    classes: tuple[int, ...],
    rng: np.random.Generator,
) -> Scene:
    """Draw the instances of one video.

    Args:
        motion (str): How they move together, the clip label.
        length (int): T, the number of frames.
        size (tuple[int, int]): Width and height of the image in pixels.
        families (tuple[str, ...]): Families of patterns to draw from.
        crowding (float): 0..1; at most ``4 + 12 * crowding`` instances a
            frame.
        knocks (float): 0..1, how hard the camera is knocked.
        classes (tuple[int, ...]): Those of the groups of look-alikes.
        rng (np.random.Generator): The source of randomness.
    """
    camera = camera_path(length, knocks, rng)
    centres = trajectories(motion, _CANDIDATES, length, size, rng)
    centres = centres - camera
    angles = _turns(_CANDIDATES, length, rng)
    labels = rng.integers(len(CLASSES), size=_CANDIDATES)
    halves = _sizes(_CANDIDATES, rng)
    # Whom to keep is decided on upright boxes: classes are dealt afterwards.
    upright = np.concatenate(
        [centres - halves[:, None], centres + halves[:, None]], -1
    )
    inside = share_inside(upright, size)
    most = round(4 + 12 * crowding)
    chosen = select(inside, most - rng.integers(2, 5), most, rng)
    centres, angles = centres[chosen], angles[chosen]
    labels, halves = labels[chosen], halves[chosen]
    lasting = (inside[chosen] > 0.6).sum(1) >= min(16, length // 2)
    groups = _looks(labels, halves, lasting, classes, rng)
    halves, bounds = _fit_sides(labels, halves, angles)
    return Scene(
        labels=labels,
        halves=halves,
        centres=centres,
        angles=angles,
        boxes=bounds + np.tile(centres, 2),
        camera=camera,
        patterns=_patterns(groups, 2 * halves.min(1), families, rng),
        colours=_colours(groups, 0.6, rng),
    )
