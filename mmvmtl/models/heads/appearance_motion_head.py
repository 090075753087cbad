"""A clip label told by what whole frames show and how they change."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmvmtl.models.heads.base_task_head import Features
from mmvmtl.models.heads.clip_task import ClipTask
from mmvmtl.registry import MODELS


@MODELS.register_module()
class AppearanceMotionHead(ClipTask):
    r"""Feature maps of a clip's frames beside their changes.

    A narrow map :math:`x_t` of each frame is remembered. Appearance and
    motion, :math:`[x_t, x_t - x_{t-1}]` (0 at the first frame; the
    difference is that of `TDN <https://arxiv.org/abs/2012.10071>`_), go
    through a convolution in space, the mean and the maximum over the frame,
    a convolution in time, and the mean and maximum over the clip. The order
    of the frames counts, so standing up is not sitting down; clips of any
    length will do.

    Args:
        num_classes (int): number of clip labels.
        in_channels (int): C of the features.
        level (int): which feature level is read.
        map_channels (int): D, width of what is remembered of a frame.
        feat_channels (int): width of the convolutions.
        dropout (float): part of the clip's features dropped in training.
        **kwargs: windows, see :class:`ClipTask`.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        level: int = -1,
        map_channels: int = 32,
        feat_channels: int = 64,
        dropout: float = 0.3,
        **kwargs,
    ) -> None:
        super().__init__(num_classes, **kwargs)
        self.level = level
        self.narrow = nn.Conv2d(in_channels, map_channels, 1)
        self.space = nn.Sequential(
            nn.Conv2d(2 * map_channels, feat_channels, 3, padding=1),
            nn.ReLU(inplace=True),
        )
        self.time = nn.Sequential(
            nn.Conv1d(2 * feat_channels, feat_channels, 3, padding=1),
            nn.ReLU(inplace=True),
        )
        self.classify = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(2 * feat_channels, num_classes)
        )

    def describe(self, feats: Features, frames: Sequence) -> Tensor:
        """Narrow maps (M, D, H, W) of one level."""
        return self.narrow(feats[self.level])

    def score(self, clips: Tensor) -> Tensor:
        """Logits (B, num_classes) of described clips (B, T, D, H, W)."""
        before = torch.cat([clips[:, :1], clips[:, :-1]], dim=1)
        both = torch.cat([clips, clips - before], dim=2)
        maps = self.space(both.flatten(0, 1))
        frames = torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], dim=1)
        frames = frames.unflatten(0, clips.shape[:2]).transpose(1, 2)
        steps = self.time(frames)
        return self.classify(torch.cat([steps.mean(2), steps.amax(2)], dim=1))
