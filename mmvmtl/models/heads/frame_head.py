"""A label for every frame."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmvmtl.models.clip_batch import ClipBatch
from mmvmtl.models.heads.base_task_head import BaseTaskHead, Features
from mmvmtl.models.losses import global_mean
from mmvmtl.models.precision import float32_at_least
from mmvmtl.registry import MODELS


@MODELS.register_module()
class FrameHead(BaseTaskHead):
    """One convolution, a 1×1 classifier, and the mean over the frame.

    Reads ``gt_frame_label`` and writes ``pred_frame_score`` (C,) and
    ``pred_frame_label`` (1,) of every frame.

    Args:
        num_classes (int): number of frame labels.
        in_channels (int): C of the features.
        level (int): which feature level is read.
        feat_channels (int): width of the convolution.
        init_cfg (dict, optional): initialisation of MMEngine.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        level: int = -1,
        feat_channels: int = 256,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.num_classes = num_classes
        self.level = level
        self.convs = nn.Sequential(
            nn.Conv2d(in_channels, feat_channels, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(feat_channels, num_classes, 1),
        )

    def forward(self, feats: Features) -> Tensor:
        """Logits (M, num_classes)."""
        return self.convs(feats[self.level]).mean(dim=(2, 3))

    def loss(self, feats: Features, batch: ClipBatch) -> dict[str, Tensor]:
        """Cross entropy ``loss_frame`` over all ranks' labelled frames."""
        index = [
            m
            for m in batch.labelled_frames(self.task).tolist()
            if 'gt_frame_label' in batch.frames[m]
        ]
        labels = [batch.frames[m].gt_frame_label for m in index]
        logits = self(feats)
        labels = torch.cat(labels) if labels else logits.new_tensor([]).long()
        loss = F.cross_entropy(
            float32_at_least(logits[index]), labels, reduction='none'
        )
        return dict(loss_frame=global_mean(loss))

    def predict(self, feats: Features, batch: ClipBatch) -> None:
        """Write the score and the label of every frame."""
        scores = self(feats).softmax(dim=-1)
        for frame, score in zip(batch.frames, scores, strict=True):
            frame.set_field(score, 'pred_frame_score')
            frame.set_field(score.argmax().reshape(1), 'pred_frame_label')
