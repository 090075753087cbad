"""Let a still image train tracking."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform, Compose

from mmvmtl.errors import UserError
from mmvmtl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class TwoViews(BaseTransform):
    """Make a clip of two differently augmented views of an image.

    Each box is its own identity, found again in the other view (as in
    `CenterTrack <https://arxiv.org/abs/2004.01177>`_ and FairMOT's
    pre-training); a clip that is labelled for ``det`` is then for ``track``
    too. What moves between the views is the augmentation, not the object, so
    velocities are unknown (NaN) and train nothing.

    Args:
        transforms (list[dict]): Applied to each view with draws of its own;
            the views must come out in one size, as ``ClipRandomAffine`` gives.

    Raises:
        UserError: If the clip has several frames.
    """

    def __init__(self, transforms: list[dict]) -> None:
        self.transforms = Compose(
            [TRANSFORMS.build(t) if isinstance(t, dict) else t
             for t in transforms]
        )  # fmt: skip

    def transform(self, results: dict) -> dict:
        """Return the clip dict with two frames instead of one."""
        frames = results['frames']
        if len(frames) != 1:
            raise UserError(
                f'TwoViews got a clip of {len(frames)} frames, which have '
                'identities of their own; set clip=dict(length=1), or take '
                'TwoViews out.'
            )
        count = len(frames[0]['gt_bboxes'])
        still = {
            **frames[0],
            'gt_instances_ids': np.arange(count),
            'gt_velocities': np.full((count, 2), np.nan, np.float32),
            'video_length': 2,
        }
        views = []
        for number in range(2):
            view = {**still, 'frame_id': number, 'is_first': number == 0}
            views += self.transforms({**results, 'frames': [view]})['frames']
        labelled = dict.fromkeys(results['labelled'])
        if 'det' in labelled:
            labelled['track'] = None
        return {**results, 'frames': views, 'labelled': tuple(labelled)}
