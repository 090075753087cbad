"""Blur and noise, drawn at random."""

from __future__ import annotations

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from mmvmtl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class BlurAndNoise(BaseTransform):
    """Blur a picture and add white noise, for the strong view of a student.

    Under ``mmvmtl.ClipPhotometric`` all frames of a clip get the same.

    Args:
        blur (float): the deviation of the Gaussian is drawn from 0..blur
            pixels.
        noise (float): that of the noise from 0..noise grey levels.
    """

    def __init__(self, blur: float = 1.5, noise: float = 15.0) -> None:
        self.blur = blur
        self.noise = noise

    def transform(self, results: dict) -> dict:
        """Change ``img``, uint8 (H, W, 3)."""
        sigma, level = np.random.uniform(0, (self.blur, self.noise))
        image = results['img']
        if sigma > 0:
            image = cv2.GaussianBlur(image, (0, 0), sigma)
        grain = np.random.standard_normal(image.shape) * level
        image = np.rint(image + grain).clip(0, 255)
        results['img'] = image.astype(np.uint8)
        return results
