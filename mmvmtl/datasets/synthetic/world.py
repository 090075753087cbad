"""The synthetic world: endless labelled videos from a seed."""

from functools import cached_property

import cv2
import numpy as np

from mmvmtl.datasets.synthetic.background import (
    HELD_OUT_GROUNDS,
    TRAIN_GROUNDS,
    draw_background,
    draw_occluders,
)
from mmvmtl.datasets.synthetic.conditions import Light, Sensor
from mmvmtl.datasets.synthetic.motion import MAX_LENGTH, MOTIONS
from mmvmtl.datasets.synthetic.rendering import (
    Backdrop,
    compose,
    draw_sprite,
    line_kernel,
    smear,
    sprite_maps,
    territory,
    visible_part,
    warp_sprite,
)
from mmvmtl.datasets.synthetic.scene import Scene, draw_scene, share_inside
from mmvmtl.datasets.synthetic.shapes import CLASSES
from mmvmtl.datasets.synthetic.styles import STYLES, at_strength
from mmvmtl.datasets.synthetic.textures import (
    HELD_OUT_FAMILIES,
    TRAIN_FAMILIES,
)
from mmvmtl.errors import UserError

SPLITS = ('train', 'val', 'test')
_MIN_SIDE = 4  # pixels; a smaller visible box is not annotated


class SyntheticWorld:
    """Videos of moving shapes, each a function of (seed, split, index).

    Args:
        seed (int): ≥ 0.
        split (str): 'train', 'val' or 'test'. Val and test draw their
            patterns and backgrounds from families that train never shows.
        size (tuple[int, int]): Width and height of a frame in pixels.
        length (int | tuple[int, int]): Frames of a video, at most 64, or the
            range to draw from (both ends included).
        style (str | tuple[str, ...]): Domain, or several to draw from for
            each video: day, night, fog, rain, noise, thermal.
        style_strength (float): 0..1.5, how far a domain's look replaces
            plain light; beyond 1 it is exaggerated along the same line.
        illumination_drift (float): 0..1, how far the light varies.
        motion_blur (float): 0..1, exposure as a share of the frame time.
        noise (float): 0..1, sensor noise (1: deviation of 24 grey levels).
        background_change (float): 0..1, how far another background replaces
            the first one in the course of a video.
        crowding (float): 0..1; at most ``4 + 12 * crowding`` objects a frame.
        camera_knocks (float): 0..1, how hard the camera is knocked, every 8
            to 20 frames; 1: up to 40 px off its path along each axis.
        min_visibility (float): Objects seen less than this share of their
            pixels are not annotated.

    Raises:
        UserError: Of an argument out of its range.
    """

    def __init__(
        self,
        seed: int = 0,
        split: str = 'train',
        size: tuple[int, int] = (256, 192),
        length: int | tuple[int, int] = (40, 48),
        style: str | tuple[str, ...] = 'day',
        style_strength: float = 1.0,
        illumination_drift: float = 0.6,
        motion_blur: float = 0.0,
        noise: float = 0.2,
        background_change: float = 0.0,
        crowding: float = 0.5,
        camera_knocks: float = 0.5,
        min_visibility: float = 0.15,
    ) -> None:
        self.seed = seed
        self.split = split
        self.size = tuple(size)
        self.lengths = (length, length) if isinstance(length, int) else length
        self.styles = (style,) if isinstance(style, str) else tuple(style)
        self.style_strength = style_strength
        self.illumination_drift = illumination_drift
        self.motion_blur = motion_blur
        self.noise = noise
        self.background_change = background_change
        self.crowding = crowding
        self.camera_knocks = camera_knocks
        self.min_visibility = min_visibility
        self._check()

    def _check(self) -> None:
        if self.split not in SPLITS:
            raise UserError(
                f'the split of a synthetic world is one of {SPLITS}, not '
                f'{self.split!r}.'
            )
        unknown = [style for style in self.styles if style not in STYLES]
        if unknown or not self.styles:
            raise UserError(
                f'the style of a synthetic world is one of {tuple(STYLES)}, '
                f'not {(unknown or [None])[0]!r}.'
            )
        low, high = self.lengths
        if not 2 <= low <= high <= MAX_LENGTH:
            raise UserError(
                f'a synthetic video has 2 to {MAX_LENGTH} frames, not '
                f'{low} to {high}.'
            )
        if min(self.size) < 96:
            raise UserError(
                f'a synthetic frame of {self.size} is too small; each side '
                'must have at least 96 pixels.'
            )
        if not 0 <= self.style_strength <= 1.5:
            raise UserError(
                f'style_strength={self.style_strength!r} of the synthetic '
                'world must lie between 0 and 1.5.'
            )
        for knob in (
            'illumination_drift',
            'motion_blur',
            'noise',
            'background_change',
            'crowding',
            'camera_knocks',
            'min_visibility',
        ):
            if not 0 <= getattr(self, knob) <= 1:
                raise UserError(
                    f'{knob}={getattr(self, knob)!r} of the synthetic world '
                    'must lie between 0 and 1.'
                )

    def video(self, index: int) -> 'SyntheticVideo':
        """Return the video of that number, ≥ 0; nothing is drawn yet."""
        return SyntheticVideo(self, index)

    def video_length(self, index: int) -> int:
        """Frames of a video, without making it."""
        low, high = self.lengths
        key = (self.seed, SPLITS.index(self.split), 2, index)
        return int(np.random.default_rng(key).integers(low, high + 1))

    def clip_label(self, index: int) -> int:
        """Label of a video: five in a row have five different ones."""
        return self._dealt(index, 1, len(MOTIONS))[0]

    def group_classes(self, index: int) -> tuple[int, ...]:
        """Classes of a video's groups of look-alikes, each dealt in turn."""
        return self._dealt(index, 3, len(CLASSES))[:3]

    def _dealt(self, index: int, purpose: int, num: int) -> tuple[int, ...]:
        """The numbers below ``num``; the first differs ``num`` times."""
        block, place = divmod(index, num)
        key = (self.seed, SPLITS.index(self.split), purpose, block)
        order = np.random.default_rng(key).permutation(num)
        return tuple(np.roll(order, -place).tolist())


class SyntheticVideo:
    """One video of a :class:`SyntheticWorld`; frames in any order.

    Trajectories are computed at once, pictures when a frame is asked for.
    """

    def __init__(self, world: SyntheticWorld, index: int) -> None:
        self.world, self.index = world, index
        self.clip_label = world.clip_label(index)
        split = SPLITS.index(world.split)
        seeds = np.random.SeedSequence((world.seed, split, 0, index)).spawn(4)
        place, self._ground_seed, light, style = seeds
        rng = np.random.default_rng(place)
        self.length = world.video_length(index)
        train = world.split == 'train'
        self._grounds = TRAIN_GROUNDS if train else HELD_OUT_GROUNDS
        self.scene: Scene = draw_scene(
            MOTIONS[self.clip_label],
            self.length,
            world.size,
            TRAIN_FAMILIES if train else HELD_OUT_FAMILIES,
            world.crowding,
            world.camera_knocks,
            world.group_classes(index),
            rng,
        )
        rng = np.random.default_rng(style)
        self.style = world.styles[rng.integers(len(world.styles))]
        look = STYLES[self.style](world.size, self.length, rng)
        self._look = at_strength(look, world.style_strength)
        rng = np.random.default_rng(light)
        shape = (world.size, self.length, rng)
        self._light = Light(world.illumination_drift, *shape)
        self._sensor = Sensor(world.noise, *shape)
        self._windows, self._maps = sprite_maps(self.scene)
        self._sprites: dict[int, np.ndarray] = {}

    def frame(self, t: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Draw frame t and tell what is in it.

        Returns:
            tuple[np.ndarray, dict[str, np.ndarray]]: (H, W, 3) uint8 BGR and
            the arrays of :meth:`_annotate`.

        Raises:
            IndexError: If t is not in 0..length-1.
        """
        if not 0 <= t < self.length:
            raise IndexError(f'frame {t} of a video of {self.length} frames.')
        ground, free = self._backdrop.crop(self.scene.camera[t])
        if self._second is not None:
            other, _ = self._second.crop(self.scene.camera[t])
            share = self.world.background_change * t / (self.length - 1)
            ground = cv2.addWeighted(ground, 1 - share, other, share, 0)
        patches, wholes = self._patches(t)
        image, owner = compose(ground, free, patches)
        image = self._look(self._light(image, t), owner, t)
        return self._sensor(image, t), self._annotate(t, owner, wholes)

    def _patches(self, t: int) -> tuple[list, dict[int, int]]:
        """Patches of the instances in view, and their pixels by instance."""
        patches, wholes = [], {}
        width, height = self.world.size
        for k, window in enumerate(self._windows[:, t].tolist()):
            x1, y1, x2, y2 = window
            if x1 >= width or y1 >= height or x2 <= 0 or y2 <= 0:
                continue
            patch = warp_sprite(self._sprite(k), self._maps[k, t], window)
            numbers = territory(patch, k + 1)
            wholes[k] = cv2.countNonZero(numbers)
            kernel = self._blur_kernel(k, t)
            if kernel is None:
                colours = cv2.cvtColor(patch, cv2.COLOR_BGRA2BGR)
                patches.append((window, colours, numbers))
            else:
                patches.append(smear(window, patch, numbers, kernel))
        return patches, wholes

    def _blur_kernel(self, k: int, t: int) -> np.ndarray | None:
        if not self.world.motion_blur:
            return None
        past, now = self.scene.centres[k, max(t, 1) - 1 : max(t, 1) + 1]
        return line_kernel(self.world.motion_blur * (now - past))

    def _annotate(
        self, t: int, owner: np.ndarray, wholes: dict[int, int]
    ) -> dict[str, np.ndarray]:
        """Ground truth of a frame; M instances are seen well enough.

        Returns:
            dict[str, np.ndarray]: ``bboxes`` (M, 4) float32 xyxy of what is
            visible, ``whole_bboxes`` (M, 4) float32, ``labels`` (M,) int64,
            ``instances_ids`` (M,) int64, ``visibilities`` (M,) float32,
            visible pixels over all pixels, and ``velocities`` (M, 2)
            float32, NaN in frame 0 and as long as less than the smallest
            visibility of the whole box was in the image the frame before.
        """
        ids, boxes, shares = [], [], []
        windows = self._windows[:, t].tolist()
        for k, pixels in wholes.items():
            seen, box = visible_part(owner, windows[k], k + 1)
            small = min(box[2] - box[0], box[3] - box[1]) < _MIN_SIDE
            if small or seen < self.world.min_visibility * pixels:
                continue
            ids.append(k)
            boxes.append(box)
            shares.append(seen / pixels)
        ids = np.array(ids, np.int64)
        return dict(
            bboxes=np.array(boxes, np.float32).reshape(-1, 4),
            whole_bboxes=self.scene.boxes[ids, t].astype(np.float32),
            labels=self.scene.labels[ids],
            instances_ids=ids,
            visibilities=np.array(shares, np.float32),
            velocities=self._velocities[ids, t].astype(np.float32),
        )

    @cached_property
    def _velocities(self) -> np.ndarray:
        boxes = self.scene.boxes
        centres = (boxes[..., :2] + boxes[..., 2:]) / 2
        velocities = np.full(centres.shape, np.nan)
        velocities[:, 1:] = centres[:, 1:] - centres[:, :-1]
        inside = share_inside(boxes, self.world.size)
        unseen = inside[:, :-1] < self.world.min_visibility
        velocities[:, 1:][unseen] = np.nan
        return velocities

    def _sprite(self, k: int) -> np.ndarray:
        if k not in self._sprites:
            self._sprites[k] = draw_sprite(self.scene, k)
        return self._sprites[k]

    @cached_property
    def _drawn(self) -> tuple[Backdrop, Backdrop | None]:
        rng = np.random.default_rng(self._ground_seed)
        width, height = self.world.size
        margin = int(np.ceil(np.abs(self.scene.camera).max())) + 2
        larger = (height + 2 * margin, width + 2 * margin)
        image = draw_background(self._grounds, *larger, rng)
        other = image.copy()
        state = rng.bit_generator.state
        area = (margin, margin, margin + width, margin + height)
        free = draw_occluders(image, area, rng)
        first = Backdrop(image, free, self.world.size, margin)
        if not self.world.background_change:
            return first, None
        other = draw_background(self._grounds, *larger, rng)
        rng.bit_generator.state = state
        draw_occluders(other, area, rng)
        return first, Backdrop(other, free, self.world.size, margin)

    @property
    def _backdrop(self) -> Backdrop:
        return self._drawn[0]

    @property
    def _second(self) -> Backdrop | None:
        return self._drawn[1]


def make_world(
    knobs: dict, split: str, seed: int | None = None
) -> SyntheticWorld:
    """Build the world of a split.

    Args:
        knobs (dict): Arguments of :class:`SyntheticWorld`, as in
            ``configs/_base_/datasets/synthetic_world.py``.
        split (str): 'train', 'val' or 'test'.
        seed (int, optional): 0, 1 or 2 by split if None.
    """
    if seed is None:
        seed = SPLITS.index(split) if split in SPLITS else 0
    return SyntheticWorld(seed, split, **knobs)
