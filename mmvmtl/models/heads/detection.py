"""Detection as a task: any MMDet dense head, or an RPN and RoI pair."""

from __future__ import annotations

import copy

import torch
from mmdet.structures import DetDataSample
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.clip_batch import ClipBatch, select_frames
from mmvmtl.models.heads.base_task_head import BaseTaskHead, Features
from mmvmtl.models.heads.class_masks import (
    CLASSES,
    labelled_classes,
    labelled_only,
)
from mmvmtl.models.heads.ignored_regions import ignored_left_out
from mmvmtl.registry import MODELS


class _Detection(BaseTaskHead):
    """What both kinds share: only labelled frames are trained on."""

    gives = 'boxes'

    def loss(self, feats: Features, batch: ClipBatch) -> dict[str, Tensor]:
        """Detection losses of the frames labelled for this task."""
        labelled = batch.labelled_frames(self.task).tolist()
        chosen = [i for i in labelled if _looked_at(batch.frames[i])]
        if chosen:
            frames = [batch.frames[i] for i in chosen]
            rows = select_frames(feats, torch.tensor(chosen))
            return self._frame_loss(rows, frames)
        # MMDet's heads share normalisers with the other ranks: take part in
        # that with nothing found, and teach nothing.
        frames = [without_objects(frame) for frame in batch.frames]
        losses = self._frame_loss(feats, frames)
        return {
            name: [v * 0 for v in value]
            if isinstance(value, list)
            else value * 0
            for name, value in losses.items()
        }

    def predict(self, feats: Features, batch: ClipBatch) -> None:
        """Write ``pred_instances`` into every frame."""
        results = self._frame_predict(feats, batch.frames)
        for frame, result in zip(batch.frames, results, strict=True):
            frame.pred_instances = result


def _looked_at(frame: DetDataSample) -> bool:
    """Whether any class was looked for; a head need not hide all then."""
    classes = frame.get(CLASSES)
    return classes is None or len(classes) > 0


def without_objects(frame: DetDataSample) -> DetDataSample:
    """The frame with no ground truth in it, as if of a whole data set."""
    known = {k: v for k, v in frame.metainfo.items() if k != CLASSES}
    empty = DetDataSample(metainfo=known)
    empty.gt_instances = frame.gt_instances[:0]
    return empty


@MODELS.register_module()
class DenseDetection(_Detection):
    """A one-stage MMDet head (RTMDet, YOLOX, FCOS, RetinaNet, ...) as a task.

    A frame with ``labelled_classes`` in its metainfo trains the scores of
    these classes only: see :mod:`mmvmtl.models.heads.class_masks`; inside its
    ignored regions nothing is learned, as far as the head allows: see
    :mod:`mmvmtl.models.heads.ignored_regions`.

    Args:
        bbox_head (dict): config of the MMDet dense head.
        train_cfg (dict, optional): its assigner and sampler.
        test_cfg (dict, optional): its score threshold, NMS and limit.
        init_cfg (dict, optional): initialisation of MMEngine.
    """

    def __init__(
        self,
        bbox_head: dict,
        train_cfg: dict | None = None,
        test_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.bbox_head = MODELS.build(
            bbox_head,
            default_args=dict(train_cfg=train_cfg, test_cfg=test_cfg),
        )

    @property
    def num_classes(self) -> int:
        """Number of object classes."""
        return self.bbox_head.num_classes

    def forward(self, feats: Features) -> tuple:
        """Raw maps of the dense head."""
        return self.bbox_head(feats)

    def _frame_loss(self, feats: Features, frames: list) -> dict:
        head = self.bbox_head
        with (
            labelled_only(head, frames, self.num_classes),
            ignored_left_out(head, frames),
        ):
            return head.loss(feats, frames)

    def _frame_predict(self, feats: Features, frames: list) -> list:
        return self.bbox_head.predict(feats, frames, rescale=False)


@MODELS.register_module()
class TwoStageDetection(_Detection):
    """An RPN and an RoI head of MMDet as one task.

    Args:
        rpn_head (dict): config of the proposal head.
        roi_head (dict): config of the RoI head.
        train_cfg (dict): with ``rpn``, ``rpn_proposal`` and ``rcnn``, as in
            MMDet's two-stage configs.
        test_cfg (dict): with ``rpn`` and ``rcnn``.
        init_cfg (dict, optional): initialisation of MMEngine.

    Raises:
        ValueError: In training, if a frame's data set does not label every
            class: the RPN takes all that has no box for background.
    """

    def __init__(
        self,
        rpn_head: dict,
        roi_head: dict,
        train_cfg: dict,
        test_cfg: dict,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.proposal_cfg = train_cfg['rpn_proposal']
        self.rpn_head = MODELS.build(
            rpn_head,
            default_args=dict(
                train_cfg=train_cfg['rpn'],
                test_cfg=test_cfg['rpn'],
                num_classes=1,
            ),
        )
        self.roi_head = MODELS.build(
            roi_head,
            default_args=dict(
                train_cfg=train_cfg['rcnn'], test_cfg=test_cfg['rcnn']
            ),
        )

    @property
    def num_classes(self) -> int:
        """Number of object classes."""
        return self.roi_head.bbox_head.num_classes

    def forward(self, feats: Features) -> tuple:
        """Raw maps of the proposal head."""
        return self.rpn_head(feats)

    def _frame_loss(self, feats: Features, frames: list) -> dict:
        if labelled_classes(frames, self.num_classes) is not None:
            raise UserError(
                'TwoStageDetection got frames whose data set does not label '
                'every class, and its RPN would learn objects of the others '
                'as background; use mmvmtl.DenseDetection.'
            )
        class_free = copy.deepcopy(frames)
        for frame in class_free:
            frame.gt_instances.labels.zero_()
        rpn_losses, proposals = self.rpn_head.loss_and_predict(
            feats, class_free, proposal_cfg=self.proposal_cfg
        )
        losses = {
            # Both stages call a loss 'loss_cls' and 'loss_bbox'.
            key.replace('loss_', 'loss_rpn_'): value
            for key, value in rpn_losses.items()
        }
        losses.update(self.roi_head.loss(feats, proposals, frames))
        return losses

    def _frame_predict(self, feats: Features, frames: list) -> list:
        proposals = self.rpn_head.predict(feats, frames, rescale=False)
        return self.roi_head.predict(feats, proposals, frames, rescale=False)
