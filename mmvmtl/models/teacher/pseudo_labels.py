"""What a teacher is sure of, as labels of a student's clips."""

from __future__ import annotations

import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from mmvmtl.errors import UserError
from mmvmtl.models.heads.base_task_head import BaseTaskHead
from mmvmtl.models.heads.clip_task import ClipTask
from mmvmtl.structures import VideoMTLDataSample


class PseudoLabels:
    """Labels from predictions.

    Boxes and their classes count from a score on; identities are those of
    the teacher's tracks within the clip (below 0, as other clips of the video
    do not know them), and a box in no track trains no embedding (its
    visibility is set to 0); velocities are unknown. A clip label counts from
    its probability on, and from a head that reads tracks only if one has
    moved: without a velocity it says the same of every clip. A frame without
    a sure box teaches nothing about boxes, not that there are none. Between
    sure boxes all is background, also what the teacher was nearly sure of.

    Args:
        box_thr (float): least score of a box, 0..1.
        clip_thr (float): least probability of a clip label, 0..1.

    Raises:
        ValueError: If a threshold is out of its range.
    """

    def __init__(self, box_thr: float = 0.5, clip_thr: float = 0.8) -> None:
        for name, value in (('box_thr', box_thr), ('clip_thr', clip_thr)):
            if not 0 <= value <= 1:
                raise UserError(f'{name}={value} must lie between 0 and 1')
        self.box_thr = box_thr
        self.clip_thr = clip_thr

    def __call__(
        self,
        found: VideoMTLDataSample,
        student: VideoMTLDataSample,
        heads: dict[str, BaseTaskHead],
    ) -> VideoMTLDataSample:
        """A clip with the student's metainfo and the teacher's labels.

        Args:
            found (VideoMTLDataSample): the teacher's predictions, boxes in
                pixels of the network's input.
            student (VideoMTLDataSample): the clip as the student sees it;
                its own labels are not looked at.
            heads (dict[str, BaseTaskHead]): by task.
        """
        frames = [
            self._frame(one.metainfo, other)
            for one, other in zip(
                student.video_data_samples,
                found.video_data_samples,
                strict=True,
            )
        ]
        boxes = any(len(frame.gt_instances) for frame in frames)
        tracks = any(
            (frame.gt_instances.visibilities > 0).any() for frame in frames
        )
        moved = any(_velocity_known(f) for f in found.video_data_samples)
        blind = any(
            isinstance(head, ClipTask) and head.needs == 'tracks'
            for head in heads.values()
        )
        label = (
            'pred_score' in found
            and (moved or not blind)
            and float(found.pred_score.max()) >= self.clip_thr
        )
        labelled = [
            task
            for task, head in heads.items()
            if (head.gives == 'boxes' and boxes)
            or (head.gives == 'tracks' and tracks)
            or (isinstance(head, ClipTask) and label)
        ]
        clip = VideoMTLDataSample(
            metainfo={**student.metainfo, 'labelled': tuple(labelled)}
        )
        clip.video_data_samples = frames
        if label:
            clip.set_gt_label(found.pred_score.argmax())
        return clip

    def _frame(self, metainfo: dict, found: DetDataSample) -> DetDataSample:
        boxes = found.pred_instances
        boxes = boxes[boxes.scores >= self.box_thr]
        ids = _ids_of(boxes, found.get('pred_track_instances'))
        if not len(boxes):
            metainfo = {**metainfo, 'labelled_classes': ()}
        frame = DetDataSample(metainfo=metainfo)
        frame.gt_instances = InstanceData(
            bboxes=boxes.bboxes.float(),
            labels=boxes.labels,
            instances_ids=-ids,
            velocities=torch.full_like(boxes.bboxes[:, :2].float(), torch.nan),
            visibilities=(ids > 0).float(),
        )
        frame.ignored_instances = InstanceData(
            bboxes=boxes.bboxes.float()[:0], labels=boxes.labels[:0]
        )
        return frame


def _velocity_known(frame: DetDataSample) -> bool:
    """Whether some track of the frame has a velocity."""
    tracked = frame.get('pred_track_instances')
    if tracked is None or 'velocities' not in tracked:
        return False
    return bool(tracked.velocities.isfinite().any())


def _ids_of(boxes: InstanceData, tracked: InstanceData | None) -> torch.Tensor:
    """Track ids (N,) of ``boxes``, 0 where none.

    A tracked box is a copy of a detected one, so equality finds it.
    """
    ids = torch.zeros_like(boxes.labels)
    if tracked is None or 'instances_id' not in tracked:
        return ids
    same = (boxes.bboxes[:, None] == tracked.bboxes[None]).all(dim=-1)
    same &= boxes.labels[:, None] == tracked.labels[None]
    box, track = same.nonzero(as_tuple=True)
    ids[box] = tracked.instances_id[track].to(ids)
    return ids


def without_labels(
    sample: VideoMTLDataSample, stream: int
) -> VideoMTLDataSample:
    """The clip as a stream of its own, without any ground truth.

    What comes out of a teacher can then not depend on the target's labels,
    and its boxes stay in pixels of the network's input.

    Args:
        sample (VideoMTLDataSample): a clip.
        stream (int): the id of its stream.
    """
    clip = VideoMTLDataSample(
        metainfo={**sample.metainfo, 'video_id': stream, 'labelled': ()}
    )
    frames = []
    for index, frame in enumerate(sample.video_data_samples):
        bare = DetDataSample(
            metainfo={
                **frame.metainfo,
                'is_first': index == 0,
                'scale_factor': (1.0, 1.0),
            }
        )
        nothing = frame.gt_instances.bboxes[:0]
        bare.gt_instances = InstanceData(bboxes=nothing)
        frames.append(bare)
    clip.video_data_samples = frames
    return clip
