"""Pack a clip dict into what the model takes."""

from __future__ import annotations

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from mmvmtl.errors import UserError
from mmvmtl.registry import TRANSFORMS
from mmvmtl.structures import VideoMTLDataSample

#: Names of the per-box arrays in the frame dict and in ``gt_instances``.
INSTANCE_FIELDS = {
    'gt_bboxes': 'bboxes',
    'gt_bboxes_labels': 'labels',
    'gt_instances_ids': 'instances_ids',
    'gt_velocities': 'velocities',
    'gt_visibilities': 'visibilities',
    'gt_track_labels': 'track_labels',
}
FRAME_META = (
    'img_id',
    'img_path',
    'video_id',
    'frame_id',
    'ori_shape',
    'img_shape',
    'scale_factor',
    'video_length',
    'is_first',
    'labelled_classes',
)
CLIP_META = (
    'video_id',
    'video_name',
    'recording',
    'labelled',
    'classes',
    'key_frame',
    'dataset',
    'domain',
    'weight',
)


@TRANSFORMS.register_module()
class PackVideoInputs(BaseTransform):
    """Pack a clip dict into ``inputs`` and ``data_samples``.

    ``inputs`` is a uint8 tensor (T, C, H, W), ``data_samples`` a
    :class:`VideoMTLDataSample` with one ``DetDataSample`` a frame. Boxes
    flagged ``gt_ignore_flags`` go to ``ignored_instances``.

    Args:
        original_gt (bool): Give boxes and velocities in pixels of the
            original image, as metrics need them, by dividing by
            ``scale_factor``: right when the pipeline only resizes, that is
            in testing. Defaults to False.

    Raises:
        ValueError: If frames of one clip differ in size.
    """

    def __init__(self, original_gt: bool = False) -> None:
        self.original_gt = original_gt

    def transform(self, results: dict) -> dict:
        """Pack the clip dict; see the class."""
        frames = results['frames']
        images = [frame['img'] for frame in frames]
        sizes = {image.shape for image in images}
        if len(sizes) > 1:
            raise UserError(
                f'frames of video {results["video_name"]!r} have different '
                f'sizes {sorted(sizes)}; resize them to one size with '
                'mmvmtl.ClipResize(keep_ratio=False).'
            )
        array = np.stack(images).transpose(0, 3, 1, 2)
        sample = VideoMTLDataSample()
        meta = {key: results[key] for key in CLIP_META if key in results}
        sample.set_metainfo(meta)
        sample.video_data_samples = [
            self._pack_frame(frame, results['classes']) for frame in frames
        ]
        if results.get('clip_label') is not None:
            sample.set_gt_label(results['clip_label'])
        inputs = torch.from_numpy(np.ascontiguousarray(array))
        return {'inputs': inputs, 'data_samples': sample}

    def _pack_frame(self, frame: dict, classes: tuple) -> DetDataSample:
        sample = DetDataSample()
        meta = {key: frame.get(key) for key in FRAME_META}
        sample.set_metainfo({**meta, 'classes': classes})
        fields = {
            name: torch.from_numpy(np.ascontiguousarray(frame[key]))
            for key, name in INSTANCE_FIELDS.items()
            if key in frame
        }
        if self.original_gt:
            factor = torch.tensor(frame['scale_factor'])
            fields['bboxes'] = fields['bboxes'] / factor.repeat(2)
            fields['velocities'] = fields['velocities'] / factor
        everything = InstanceData(**fields)
        ignored = torch.from_numpy(np.asarray(frame['gt_ignore_flags'], bool))
        sample.gt_instances = everything[~ignored]
        dropped = everything[ignored]
        sample.ignored_instances = InstanceData(
            bboxes=dropped.bboxes, labels=dropped.labels
        )
        if frame.get('frame_label') is not None:
            label = torch.tensor([frame['frame_label']])
            sample.set_field(label, 'gt_frame_label', dtype=torch.Tensor)
        return sample
