"""A clip label from how features change from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mmvmtl.models.heads.base_task_head import Features
from mmvmtl.models.heads.clip_task import ClipTask
from mmvmtl.registry import MODELS


@MODELS.register_module()
class TemporalConvHead(ClipTask):
    """Convolutions over time on the mean of each frame, and a classifier.

    Frames of a clip are told apart by their order, unlike in a mean of frame
    scores (TSN); a clip may have any number of frames.

    Args:
        num_classes (int): number of clip labels.
        in_channels (int): C of the features.
        level (int): which feature level is read.
        feat_channels (int): width of the convolutions.
        **kwargs: windows, see :class:`ClipTask`.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        level: int = -1,
        feat_channels: int = 128,
        **kwargs,
    ) -> None:
        super().__init__(num_classes, **kwargs)
        self.level = level
        self.convs = nn.Sequential(
            nn.Conv1d(in_channels, feat_channels, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv1d(feat_channels, feat_channels, 3, padding=1),
            nn.ReLU(inplace=True),
        )
        self.fc = nn.Linear(feat_channels, num_classes)

    def describe(self, feats: Features, frames: Sequence) -> Tensor:
        """The mean over each frame, (M, C)."""
        return feats[self.level].mean(dim=(2, 3))

    def score(self, clips: Tensor) -> Tensor:
        """Logits (B, num_classes) of (B, T, C)."""
        return self.fc(self.convs(clips.transpose(1, 2)).mean(dim=2))
