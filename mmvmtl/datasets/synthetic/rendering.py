"""Drawing frames: prepared sprites and a prepared background, put together.

All that is slow is drawn once a video; a frame costs a crop and, for each
instance, one small warp and one blend.
"""

import cv2
import numpy as np

from .camera import GRID
from .scene import Scene
from .shapes import OUTLINES, draw_polygon
from .textures import paint

_MARGIN = 2  # pixels around a sprite
_RIM = 0.09  # share of the half width, so that it tells no size
_OUTLINE = np.float32([28, 24, 24])  # BGR of the rim of every object
#: Owner numbers: 0 background, k + 1 instance k, 255 a static occluder.
OCCLUDER = 255


def draw_sprite(scene: Scene, index: int) -> np.ndarray:
    """Paint one instance, upright.

    Returns:
        np.ndarray: (S, S', 4) uint8 BGRA with premultiplied alpha; the
        instance's origin is the middle of the canvas.
    """
    half = scene.halves[index]
    extent = np.ceil(half).astype(int) + _MARGIN
    alpha = np.zeros((2 * extent[1], 2 * extent[0]), np.uint8)
    core = alpha.copy()
    points = OUTLINES[scene.labels[index]]
    draw_polygon(alpha, points * half + extent, 255)
    draw_polygon(core, points * half * (1 - _RIM) + extent, 255)
    inside = alpha > 127
    colour = paint(
        scene.patterns[index], tuple(half.tolist()), inside, scene.colours[index]
    )
    share = core[..., None] / np.float32(255)
    colour = share * colour + (1 - share) * _OUTLINE
    sprite = np.empty((*alpha.shape, 4), np.uint8)
    sprite[..., :3] = colour * (alpha[..., None] / np.float32(255))
    sprite[..., 3] = alpha
    return sprite


def sprite_maps(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Where sprites go in every frame.

    Returns:
        tuple[np.ndarray, np.ndarray]: (N, T, 4) int windows xyxy in pixels
        of the frame that hold the whole instance, and (N, T, 2, 3) affine
        maps from a pixel of the window to one of the sprite.
    """
    windows = np.empty(scene.boxes.shape, int)
    windows[..., :2] = np.floor(scene.boxes[..., :2]) - 1
    windows[..., 2:] = np.ceil(scene.boxes[..., 2:]) + 1
    cos, sin = np.cos(scene.angles), np.sin(scene.angles)
    maps = np.empty((*scene.angles.shape, 2, 3))
    maps[..., 0, 0], maps[..., 0, 1] = cos, sin
    maps[..., 1, 0], maps[..., 1, 1] = -sin, cos
    # Both ends count in pixel centres: half a pixel from their corners.
    start = windows[..., :2] + 0.5 - scene.centres
    middle = np.ceil(scene.halves) + _MARGIN - 0.5
    maps[..., 2] = middle[:, None] + (maps[..., :2] @ start[..., None])[..., 0]
    return windows, maps


def warp_sprite(
    sprite: np.ndarray, affine: np.ndarray, window: np.ndarray
) -> np.ndarray:
    """Draw a sprite into its window, (h, w, 4) uint8."""
    size = (int(window[2] - window[0]), int(window[3] - window[1]))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(sprite, affine, size, flags=flags)


def territory(patch: np.ndarray, number: int) -> np.ndarray:
    """``number`` where a BGRA patch is more than half opaque, else 0."""
    alpha = cv2.extractChannel(patch, 3)
    return cv2.threshold(alpha, 127, number, cv2.THRESH_BINARY)[1]


def line_kernel(step: np.ndarray) -> np.ndarray | None:
    """A blur along ``step`` (2,) pixels; None if it is below a pixel."""
    reach = float(np.abs(step).max())
    if reach < 1:
        return None
    half = int(np.ceil(reach / 2))
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    along = np.linspace(-0.5, 0.5, 4 * half + 1)[:, None] * step + half
    for x, y in np.round(along).astype(int):
        kernel[y, x] = 1
    return kernel / kernel.sum()


class Backdrop:
    """A background shifted by the camera, which moves on a half-pixel grid.

    Args:
        image (np.ndarray): (H, W, 3) uint8, larger than a frame.
        mask (np.ndarray): (H, W) uint8, 255 where occluders stand.
        size (tuple[int, int]): Width and height of a frame in pixels.
        margin (int): Pixels of ``image`` around a frame of the still camera.
    """

    def __init__(
        self,
        image: np.ndarray,
        mask: np.ndarray,
        size: tuple[int, int],
        margin: int,
    ) -> None:
        self.size, self.margin = size, margin
        self._shifted = {(0, 0): (image, mask)}

    def crop(self, offset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What a camera at ``offset`` (2,) sees: views of image and mask."""
        steps = np.round((offset + self.margin) / GRID).astype(int).tolist()
        (x, right), (y, down) = (divmod(step, 2) for step in steps)
        if (right, down) not in self._shifted:
            self._shifted[right, down] = self._shift(right, down)
        image, mask = self._shifted[right, down]
        width, height = self.size
        window = slice(y, y + height), slice(x, x + width)
        return image[window], mask[window]

    def _shift(self, right: int, down: int) -> tuple[np.ndarray, np.ndarray]:
        image, mask = self._shifted[0, 0]
        height, width = mask.shape
        second = slice(down, height), slice(right, width)
        first = slice(0, height - down), slice(0, width - right)
        blend = cv2.addWeighted(image[first], 0.5, image[second], 0.5, 0)
        return blend, np.minimum(mask[first], mask[second])


def compose(
    ground: np.ndarray,
    occluders: np.ndarray,
    patches: list[tuple[list[int], np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray]:
    """Put patches, from the farthest to the nearest, before a background.

    Args:
        ground (np.ndarray): (H, W, 3) uint8, with the occluders drawn.
        occluders (np.ndarray): (H, W) uint8, :data:`OCCLUDER` where one
            stands and 0 elsewhere.
        patches (list): (window, colours, numbers): xyxy in pixels, (h, w, 4)
            uint8 BGRA with premultiplied alpha, and (h, w) uint8 owner
            numbers, which rise from patch to patch, or 0.

    Returns:
        tuple[np.ndarray, np.ndarray]: The frame (H, W, 3) and the owner
        numbers of its pixels (H, W), uint8.
    """
    height, width = occluders.shape
    frame = ground.copy()
    owner = np.zeros((height, width), np.uint8)
    for (x1, y1, x2, y2), patch, numbers in patches:
        left, top = max(x1, 0), max(y1, 0)
        right, bottom = min(x2, width), min(y2, height)
        if left >= right or top >= bottom:
            continue
        inner = slice(top - y1, bottom - y1), slice(left - x1, right - x1)
        target = frame[top:bottom, left:right]
        _blend(target, np.ascontiguousarray(patch[inner]))
        part = owner[top:bottom, left:right]
        cv2.max(part, numbers[inner], part)
    cv2.copyTo(ground, occluders, frame)
    cv2.max(owner, occluders, owner)
    return frame, owner


def _blend(target: np.ndarray, patch: np.ndarray) -> None:
    rest = cv2.bitwise_not(cv2.extractChannel(patch, 3))
    cv2.multiply(
        target, cv2.cvtColor(rest, cv2.COLOR_GRAY2BGR), target, 1 / 255
    )
    cv2.add(target, cv2.cvtColor(patch, cv2.COLOR_BGRA2BGR), target)


def visible_part(
    owner: np.ndarray, window: list[int], number: int
) -> tuple[int, list[int]]:
    """What is seen of one instance.

    Args:
        owner (np.ndarray): (H, W) uint8 owner numbers.
        window (list[int]): xyxy in pixels, holds the instance.
        number (int): Its owner number.

    Returns:
        tuple[int, list[int]]: Its pixels and their bounds, xyxy.
    """
    left, top = max(window[0], 0), max(window[1], 0)
    right, bottom = max(window[2], 0), max(window[3], 0)
    part = owner[top:bottom, left:right]
    if not part.size:
        return 0, [0, 0, 0, 0]
    seen = (part == number).view(np.uint8)
    x, y, width, height = cv2.boundingRect(seen)
    x, y = x + left, y + top
    return cv2.countNonZero(seen), [x, y, x + width, y + height]
