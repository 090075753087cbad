"""From a clip of one frame to an image dict of MMDetection."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform

from mmvmtl.errors import UserError
from mmvmtl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class FrameOfClip(BaseTransform):
    """Give the only frame of a clip to MMDet's own transforms and detectors.

    After it come MMDet's transforms and ``PackDetInputs``, so that any stock
    detector trains on our data sets. ``instances`` holds the ground truth as
    ``CocoMetric`` without an annotation file reads it. ``domain``,
    ``labelled`` and ``weight`` of the clip become those of the frame, for
    ``PackDetInputs(meta_keys=...)``.

    Raises:
        UserError: If the clip has several frames.
    """

    def transform(self, results: dict) -> dict:
        """Return the frame dict, its keys those of MMDet."""
        frames = results['frames']
        if len(frames) != 1:
            raise UserError(
                f'FrameOfClip got a clip of {len(frames)} frames; set '
                'clip=dict(length=1) for training and chunk=1 for testing.'
            )
        frame = dict(frames[0])
        for key in ('domain', 'labelled', 'weight'):
            if key in results:
                frame[key] = results[key]
        frame['img_path'] = frame.get('img_path') or ''
        frame['gt_bboxes'] = np.asarray(frame['gt_bboxes'], np.float32)
        frame['instances'] = [
            dict(bbox=bbox, bbox_label=label, ignore_flag=int(ignore))
            for bbox, label, ignore in zip(
                frame['gt_bboxes'].tolist(),
                frame['gt_bboxes_labels'].tolist(),
                frame['gt_ignore_flags'].tolist(),
                strict=True,
            )
        ]
        return frame
