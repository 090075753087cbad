"""A clip label told by how things move over the frame."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmvmtl.models.heads.base_task_head import Features
from mmvmtl.models.heads.clip_task import ClipTask
from mmvmtl.registry import MODELS


@MODELS.register_module()
class ClipHead(ClipTask):
    """Small 3D convolutions over thin maps of a clip's frames.

    Pooling frames before comparing them would lose where things are, and so
    how they move together. The position in the frame is given as two more
    channels.

    Args:
        num_classes (int): number of clip labels.
        in_channels (int): C of the features.
        level (int): which feature level is read.
        thin_channels (int): channels kept of every frame.
        feat_channels (int): width of the 3D convolutions.
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
        dropout: float = 0.2,
        **kwargs,
    ) -> None:
        super().__init__(num_classes, **kwargs)
        self.level = level
        self.thin = nn.Conv2d(in_channels, thin_channels, 1)
        layers: list[nn.Module] = []
        width = thin_channels + 2
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
        maps = clips.transpose(1, 2)
        y = torch.linspace(-1, 1, maps.shape[3], device=maps.device)
        x = torch.linspace(-1, 1, maps.shape[4], device=maps.device)
        where = torch.stack(torch.meshgrid(y, x, indexing='ij')).to(maps)
        where = where[None, :, None].expand(
            len(maps), -1, maps.shape[2], -1, -1
        )
        out = self.convs(torch.cat([maps, where], dim=1))
        return self.classify(self.dropout(out.mean(dim=(2, 3, 4))))
