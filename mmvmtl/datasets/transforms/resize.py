"""Resize all frames of a clip."""

from __future__ import annotations

import cv2
import numpy as np

from mmvmtl.datasets.transforms.clip_transform import (
    ClipTransform,
    affine_frame,
)
from mmvmtl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class ClipResize(ClipTransform):
    """Resize frames, boxes and velocities.

    Args:
        scale (tuple[int, int]): (w, h) in pixels, as in MMDetection.
        keep_ratio (bool): Fit inside ``scale`` and keep the aspect ratio,
            else stretch to it. Defaults to True.
    """

    def __init__(
        self, scale: tuple[int, int], keep_ratio: bool = True
    ) -> None:
        self.scale = tuple(scale)
        self.keep_ratio = keep_ratio

    def _size(self, height: int, width: int) -> tuple[int, int]:
        if not self.keep_ratio:
            return self.scale
        ratio = min(self.scale[0] / width, self.scale[1] / height)
        return max(round(width * ratio), 1), max(round(height * ratio), 1)

    def apply(self, frame: dict, params: object) -> None:
        """Resize one frame; ``scale_factor`` (w, h) accumulates."""
        height, width = frame['img'].shape[:2]
        new_w, new_h = self._size(height, width)
        factor = new_w / width, new_h / height
        if (new_w, new_h) != (width, height):
            shrinks = min(factor) < 1
            mode = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            frame['img'] = cv2.resize(
                frame['img'], (new_w, new_h), interpolation=mode
            )
        affine_frame(frame, np.array([[factor[0], 0, 0], [0, factor[1], 0]]))
        old = frame['scale_factor']
        frame['scale_factor'] = old[0] * factor[0], old[1] * factor[1]
        frame['img_shape'] = new_h, new_w
