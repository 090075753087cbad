"""A clip label told by how things move over the frame."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmvmtl.models.heads.base_task_head import Features
from mmvmtl.models.heads.clip_task import ClipTask
from mmvmtl.registry import MODELS


@MODELS.register_module()
class ClipHead(ClipTask):
    """Small 3D convolutions over thin maps of a clip's frames.

    Pooling frames before comparing them would lose where things are, and so
    how they move together. Beside its thin map a frame gives its local
    correlation with the frame before (`FlowNet
    <https://arxiv.org/abs/1504.06852>`_), which shows motion, and the
    position in the frame, which shows whether things move apart.

    Args:
        num_classes (int): number of clip labels.
        in_channels (int): C of the features.
        level (int): which feature level is read.
        thin_channels (int): channels kept of every frame.
        feat_channels (int): width of the 3D convolutions.
        radius (int): cells that the correlation looks to every side.
        dropout (float): before the last layer.
        **kwargs: windows, see :class:`ClipTask`.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        level: int = 0,
        thin_channels: int = 24,
        feat_channels: int = 64,
        radius: int = 2,
        dropout: float = 0.2,
        **kwargs,
    ) -> None:
        super().__init__(num_classes, **kwargs)
        self.level = level
        self.radius = radius
        self.thin = nn.Conv2d(in_channels, thin_channels, 1)
        layers: list[nn.Module] = []
        width = thin_channels + (2 * radius + 1) ** 2 + 2
        for _ in range(2):
            layers += [
                nn.Conv3d(width, feat_channels, 3, (1, 2, 2), padding=1),
                nn.GroupNorm(8, feat_channels),
                nn.ReLU(inplace=True),
            ]
            width = feat_channels
        self.convs = nn.Sequential(*layers)
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(feat_channels, num_classes)

    def describe(self, feats: Features) -> Tensor:
        """Thin maps (M, D, H, W)."""
        return self.thin(feats[self.level])

    def score(self, clips: Tensor) -> Tensor:
        """Logits (B, num_classes) of thin maps (B, T, D, H, W)."""
        moved = correlate(clips[:, 1:], clips[:, :-1], self.radius)
        # The first frame has none before it.
        moved = F.pad(moved, (0, 0, 0, 0, 0, 0, 1, 0))
        where = _positions(clips)
        maps = torch.cat([clips, moved, where], dim=2).transpose(1, 2)
        out = self.convs(maps).mean(dim=(2, 3, 4))
        return self.classify(self.dropout(out))


def correlate(now: Tensor, before: Tensor, radius: int) -> Tensor:
    """Cosine of every cell with the cells around it one frame before.

    Args:
        now (Tensor): (B, T, D, H, W).
        before (Tensor): the same shape.
        radius (int): r, cells looked at to every side.

    Returns:
        Tensor: (B, T, (2r + 1)², H, W); channel (dy + r)(2r + 1) + dx + r
        compares a cell with that of ``before`` at (+dy, +dx), 0 outside.
    """
    height, width = now.shape[-2:]
    now = F.normalize(now, dim=2)
    before = F.pad(F.normalize(before, dim=2), (radius,) * 4)
    side = range(2 * radius + 1)
    shifted = [
        (now * before[..., y : y + height, x : x + width]).sum(dim=2)
        for y in side
        for x in side
    ]
    return torch.stack(shifted, dim=2)


def _positions(clips: Tensor) -> Tensor:
    """Rows and columns from -1 to 1, (B, T, 2, H, W), of (B, T, D, H, W)."""
    y = torch.linspace(-1, 1, clips.shape[3], device=clips.device)
    x = torch.linspace(-1, 1, clips.shape[4], device=clips.device)
    where = torch.stack(torch.meshgrid(y, x, indexing='ij')).to(clips)
    return where.expand(*clips.shape[:2], -1, -1, -1)
