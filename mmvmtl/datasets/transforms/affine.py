"""Random zoom and shift of a whole clip, cut back to a fixed size."""

from __future__ import annotations

import cv2
import numpy as np

from mmvmtl.datasets.transforms.clip_transform import (
    ClipTransform,
    affine_frame,
    clip_frame,
)
from mmvmtl.errors import UserError
from mmvmtl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class ClipRandomAffine(ClipTransform):
    """Scale and shift all frames of a clip by one draw, in one warp.

    Scale 1 fits the frame inside ``size`` with its aspect ratio kept, so
    this may stand in for :class:`ClipResize` in training; a scale above 1
    with a shift is a random resized crop. Where the zoom leaves the frame's
    own scale, the shift is of whole pixels, so that a crop is the frame's
    pixels and no mean of them. Boxes are cut at the border and
    dropped when little of them is left; velocities scale.

    Args:
        size (tuple[int, int]): (w, h) of the result in pixels.
        scale (tuple[float, float]): Range of the zoom relative to that fit,
            drawn log-uniformly. Defaults to (0.8, 1.25).
        aspect (float): The zoom of x over that of y is drawn log-uniformly
            from (1 / aspect, aspect); ≥ 1. Defaults to 1.
        translate (float): The centre moves by up to this part of ``size``,
            0..1, on each axis. Defaults to 0.1.
        min_part (float): Least part of a box's area, 0..1, that must stay
            inside. Defaults to 0.2.
        border (int): Grey level outside the image. Defaults to 114.
        prob (float): Probability of a random draw, else scale 1 without a
            shift. Defaults to 1.
    """

    def __init__(
        self,
        size: tuple[int, int],
        scale: tuple[float, float] = (0.8, 1.25),
        aspect: float = 1.0,
        translate: float = 0.1,
        min_part: float = 0.2,
        border: int = 114,
        prob: float = 1.0,
    ) -> None:
        if not 0 < scale[0] <= scale[1] or aspect < 1:
            raise UserError(
                f'scale {tuple(scale)} must be a range (low, high) with '
                f'0 < low ≤ high, and aspect {aspect} at least 1.'
            )
        self.size = tuple(size)
        self.scale = tuple(scale)
        self.aspect = aspect
        self.translate = translate
        self.min_part = min_part
        self.border = border
        self.prob = prob

    def draw(self, clip: dict) -> np.ndarray:
        """Draw the (2, 3) map from this clip's pixels to the result's."""
        height, width = clip['frames'][0]['img'].shape[:2]
        size = np.array(self.size, np.float64)
        zoom = np.full(2, min(size[0] / width, size[1] / height))
        centre = size / 2
        if np.random.rand() < self.prob:
            zoom *= np.exp(np.random.uniform(*np.log(self.scale)))
            stretch = np.random.uniform(-0.5, 0.5) * np.log(self.aspect)
            zoom *= np.exp([stretch, -stretch])
            centre += np.random.uniform(-1, 1, 2) * self.translate * size
        shift = centre - zoom * np.array([width, height]) / 2
        if np.allclose(zoom, 1):
            zoom, shift = np.ones(2), shift.round()
        return np.column_stack([np.diag(zoom), shift])

    def apply(self, frame: dict, params: np.ndarray) -> None:
        """Warp one frame by the drawn map."""
        # Labels live where pixel i covers [i, i + 1); OpenCV puts pixel i at
        # i, half a pixel away.
        warp = params.copy()
        warp[:, 2] += warp[:, :2].sum(1) / 2 - 0.5
        frame['img'] = cv2.warpAffine(
            np.ascontiguousarray(frame['img']),
            warp,
            self.size,
            flags=cv2.INTER_LINEAR,
            borderValue=(self.border,) * 3,
        )
        frame['img_shape'] = self.size[1], self.size[0]
        zoom = float(params[0, 0]), float(params[1, 1])
        old = frame['scale_factor']
        frame['scale_factor'] = old[0] * zoom[0], old[1] * zoom[1]
        affine_frame(frame, params)
        clip_frame(frame, frame['img_shape'], self.min_part)
