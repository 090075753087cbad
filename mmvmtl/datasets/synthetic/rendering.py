"""Drawing frames: prepared sprites and a prepared background, put together.

All that is slow is drawn once a video; a frame costs a crop and, for each
instance, one small warp and one blend.
"""

import cv2
import numpy as np

from mmvmtl.datasets.synthetic.camera import GRID
from mmvmtl.datasets.synthetic.scene import Scene
from mmvmtl.datasets.synthetic.shapes import OUTLINES, draw_polygon
from mmvmtl.datasets.synthetic.textures import paint

_MARGIN = 2  # pixels around a sprite
_RIM = 0.09  # share of the half width, so that it tells no size
_RIM_COLOUR = (28, 24, 24)  # BGR


def draw_sprite(scene: Scene, index: int) -> np.ndarray:
    """Paint one instance, upright.

    Returns:
        np.ndarray: (S, S', 4) uint8 BGRA; the instance's origin is the middle
        of the canvas, and colours go on beyond its edge.
    """
    half = scene.halves[index]
    extent = np.ceil(half).astype(int) + _MARGIN
    alpha = np.zeros((2 * extent[1], 2 * extent[0]), np.uint8)
    core = alpha.copy()
    points = OUTLINES[scene.labels[index]]
    draw_polygon(alpha, points * half + extent, 255)
    draw_polygon(core, points * half * (1 - _RIM) + extent, 255)
    colours = np.empty((*alpha.shape, 3), np.uint8)
    colours[:] = _RIM_COLOUR
    pattern = paint(
        scene.patterns[index], half.tolist(), alpha, scene.colours[index]
    )
    cv2.copyTo(pattern, core, colours)
    return cv2.merge((*cv2.split(colours), alpha))


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
        free (np.ndarray): (H, W) uint8, 0 where occluders stand, else 255.
        size (tuple[int, int]): Width and height of a frame in pixels.
        margin (int): Pixels of ``image`` around a frame of the still camera.
    """

    def __init__(
        self,
        image: np.ndarray,
        free: np.ndarray,
        size: tuple[int, int],
        margin: int,
    ) -> None:
        self.size, self.margin = size, margin
        self._shifted = {(0, 0): (image, free)}

    def crop(self, offset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What a camera at ``offset`` (2,) sees: views of image and free."""
        steps = np.round((offset + self.margin) / GRID).astype(int).tolist()
        (x, right), (y, down) = (divmod(step, 2) for step in steps)
        if (right, down) not in self._shifted:
            self._shifted[right, down] = self._shift(right, down)
        image, free = self._shifted[right, down]
        width, height = self.size
        window = slice(y, y + height), slice(x, x + width)
        return image[window], free[window]

    def _shift(self, right: int, down: int) -> tuple[np.ndarray, np.ndarray]:
        image, free = self._shifted[0, 0]
        height, width = free.shape
        second = slice(down, height), slice(right, width)
        first = slice(0, height - down), slice(0, width - right)
        blend = cv2.addWeighted(image[first], 0.5, image[second], 0.5, 0)
        return blend, np.maximum(free[first], free[second])


def smear(
    window: list[int], patch: np.ndarray, numbers: np.ndarray, kernel
) -> tuple[list[int], np.ndarray, np.ndarray]:
    """Blur a patch along its motion; what belongs to it stays in place.

    Returns:
        tuple: The larger window, BGRA with premultiplied alpha, and owner
        numbers, as :func:`compose` takes them.
    """
    pad = kernel.shape[0] // 2
    border = (pad, pad, pad, pad, cv2.BORDER_CONSTANT)
    inside = cv2.threshold(numbers, 0, 255, cv2.THRESH_BINARY)[1]
    solid = cv2.merge([*cv2.split(patch)[:3], inside])
    solid = cv2.bitwise_and(solid, cv2.merge([inside] * 4))
    blurred = cv2.filter2D(cv2.copyMakeBorder(solid, *border), -1, kernel)
    x1, y1, x2, y2 = window
    window = [x1 - pad, y1 - pad, x2 + pad, y2 + pad]
    return window, blurred, cv2.copyMakeBorder(numbers, *border)


def compose(
    ground: np.ndarray,
    free: np.ndarray,
    patches: list[tuple[list[int], np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray]:
    """Put patches, from the farthest to the nearest, before a background.

    Args:
        ground (np.ndarray): (H, W, 3) uint8, with the occluders drawn.
        free (np.ndarray): (H, W) uint8, 0 where an occluder stands and 255
            elsewhere.
        patches (list): (window, colours, numbers): xyxy in pixels; (h, w, 3)
            uint8 BGR, or (h, w, 4) with premultiplied alpha, which is
            blended; and (h, w) uint8 owner numbers, which rise from patch to
            patch, or 0.

    Returns:
        tuple[np.ndarray, np.ndarray]: The frame (H, W, 3), and (H, W) uint8
        the number that owns each pixel, 0 where no patch is seen.
    """
    height, width = free.shape
    frame = ground.copy()
    owner = np.zeros((height, width), np.uint8)
    for (x1, y1, x2, y2), colours, numbers in patches:
        left, top = max(x1, 0), max(y1, 0)
        right, bottom = min(x2, width), min(y2, height)
        if left >= right or top >= bottom:
            continue
        inner = slice(top - y1, bottom - y1), slice(left - x1, right - x1)
        outer = slice(top, bottom), slice(left, right)
        shown = cv2.bitwise_and(numbers[inner], free[outer])
        if colours.shape[2] == 3:
            cv2.copyTo(colours[inner], shown, frame[outer])
        else:
            _blend(frame[outer], colours[inner], free[outer])
        cv2.max(owner[outer], shown, owner[outer])
    return frame, owner


def _blend(target: np.ndarray, patch: np.ndarray, free: np.ndarray) -> None:
    patch = cv2.bitwise_and(patch, cv2.merge([free] * 4))
    rest = cv2.bitwise_not(cv2.extractChannel(patch, 3))
    cv2.multiply(target, cv2.merge([rest] * 3), target, 1 / 255)
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
