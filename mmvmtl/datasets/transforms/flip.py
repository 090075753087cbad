"""Flip all frames of a clip."""

from __future__ import annotations

import numpy as np

from mmvmtl.datasets.transforms.clip_transform import (
    ClipTransform,
    affine_frame,
)
from mmvmtl.errors import UserError
from mmvmtl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class ClipRandomFlip(ClipTransform):
    """Flip frames, boxes and velocities, all frames of a clip together.

    Args:
        prob (float): Probability of each flip, 0..1. Defaults to 0.5.
        directions (tuple[str]): ``'horizontal'``, ``'vertical'`` or both,
            drawn independently. Defaults to horizontal only.

    Raises:
        ValueError: Of an unknown direction.
    """

    def __init__(
        self,
        prob: float = 0.5,
        directions: tuple[str, ...] = ('horizontal',),
    ) -> None:
        unknown = set(directions) - {'horizontal', 'vertical'}
        if unknown:
            raise UserError(
                f'flip directions {sorted(unknown)} are unknown; use '
                "'horizontal' and 'vertical'."
            )
        self.prob = prob
        self.directions = tuple(directions)

    def draw(self, clip: dict) -> tuple[bool, bool] | None:
        """Whether to flip (horizontally, vertically)."""
        drawn = [d for d in self.directions if np.random.rand() < self.prob]
        if not drawn:
            return None
        return 'horizontal' in drawn, 'vertical' in drawn

    def apply(self, frame: dict, params: tuple[bool, bool]) -> None:
        """Flip one frame about its centre lines."""
        height, width = frame['img'].shape[:2]
        matrix = np.array([[1.0, 0, 0], [0, 1, 0]])
        if params[0]:
            frame['img'] = frame['img'][:, ::-1]
            matrix[0] = -1, 0, width
        if params[1]:
            frame['img'] = frame['img'][::-1]
            matrix[1] = 0, -1, height
        affine_frame(frame, matrix)
