"""Single-image colour transforms, drawn once for all frames of a clip."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
from mmcv.transforms import BaseTransform

from mmvmtl.errors import UserError
from mmvmtl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class ClipPhotometric(BaseTransform):
    """Give every frame of a clip the same draw of an image transform.

    The generators of NumPy and Python are set to the same state before each
    frame, so lighting does not flicker inside a clip. Only for transforms
    that leave boxes alone, such as ``mmdet.PhotoMetricDistortion`` or
    ``mmdet.YOLOXHSVRandomAug``.

    Args:
        transforms (list[dict | Callable]): Built from the registry and
            applied in order to the ``img`` of each frame, uint8 BGR.
        prob (float): Probability that the clip is changed. Defaults to 1.

    Raises:
        ValueError: If a transform changes the size of an image.
    """

    def __init__(
        self, transforms: list[dict | Callable], prob: float = 1.0
    ) -> None:
        self.transforms = [
            TRANSFORMS.build(t) if isinstance(t, dict) else t
            for t in transforms
        ]
        self.prob = prob

    def transform(self, results: dict) -> dict:
        """Change the images of the clip dict."""
        if np.random.rand() >= self.prob:
            return results
        numpy_state, python_state = np.random.get_state(), random.getstate()
        for frame in results['frames']:
            np.random.set_state(numpy_state)
            random.setstate(python_state)
            frame['img'] = self._one_image(frame['img'])
        return results

    def _one_image(self, image: np.ndarray) -> np.ndarray:
        changed = image
        for transform in self.transforms:
            # A copy in memory order: some transforms write into their input,
            # and some give floats, or channels in another order.
            result = transform({'img': np.array(changed, order='C')})
            changed = np.clip(np.rint(result['img']), 0, 255).astype(np.uint8)
        if changed.shape != image.shape:
            raise UserError(
                'mmvmtl.ClipPhotometric only takes transforms that keep the '
                f'size of an image, one changed {image.shape} to '
                f'{changed.shape}; use the Clip* geometric transforms.'
            )
        return changed
