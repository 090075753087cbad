"""Ground truth in place of a detector, for tasks that need boxes."""

from __future__ import annotations

import torch
from mmengine.structures import InstanceData
from torch import Tensor

from mmvmtl.models.clip_batch import ClipBatch
from mmvmtl.models.heads.base_task_head import BaseTaskHead, Features
from mmvmtl.registry import MODELS


@MODELS.register_module()
class TrueBoxes(BaseTaskHead):
    """Give the true boxes as if they had been detected, with score 1.

    What other heads make of them then does not depend on any detector: so a
    task is compared that was trained alone with one that was trained with
    detection. It has no parameters and no loss, and needs ground truth to
    predict.
    """

    gives = 'boxes'

    def forward(self, feats: Features) -> tuple:
        """Nothing: without ground truth there are no boxes."""
        return ()

    def loss(self, feats: Features, batch: ClipBatch) -> dict[str, Tensor]:
        """A zero."""
        return dict(loss_none=self.zero_loss(feats))

    def predict(self, feats: Features, batch: ClipBatch) -> None:
        """Write ``pred_instances``, in pixels of the network's input."""
        for frame in batch.frames:
            gt = frame.gt_instances
            scale = gt.bboxes.new_tensor(frame.scale_factor).repeat(2)
            frame.pred_instances = InstanceData(
                bboxes=gt.bboxes * scale,
                labels=gt.labels,
                scores=torch.ones_like(gt.bboxes[:, 0]),
            )
