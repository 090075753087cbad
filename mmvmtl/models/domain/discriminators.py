"""Tell the domain of a cell, or of a box."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmvmtl.errors import UserError
from mmvmtl.models.box_features import read_boxes
from mmvmtl.registry import MODELS


@MODELS.register_module()
class ImageDiscriminator(BaseModule):
    """Image level: the domain of every cell of one feature map.

    `Chen et al., CVPR 2018 <https://arxiv.org/abs/1803.03243>`_, with a
    softmax over D >= 2 domains instead of one sigmoid.

    Args:
        in_channels (int): C of the map.
        num_domains (int): D; the adversary gives it.
        stage (str): ``'backbone'`` or ``'neck'``.
        level (int): which of the stage's maps.
        channels (int): width of the hidden layer.
        weight (float): of its loss.
        init_cfg (dict, optional): initialisation of MMEngine.
    """

    def __init__(
        self,
        in_channels: int,
        num_domains: int,
        stage: str = 'neck',
        level: int = 0,
        channels: int = 64,
        weight: float = 1.0,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.stage = stage
        self.level = level
        self.weight = weight
        self.net = nn.Sequential(
            nn.Conv2d(in_channels, channels, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, num_domains, 1),
        )

    def forward(self, feat: Tensor) -> Tensor:
        """Logits (M, D, H, W) of a map (M, C, H, W)."""
        return self.net(feat)


@MODELS.register_module()
class InstanceDiscriminator(BaseModule):
    """Instance level: the domain of what is read at a box.

    `Chen et al., CVPR 2018 <https://arxiv.org/abs/1803.03243>`_. Boxes are
    read as the track head does: all levels of the neck at the centre, the
    finest one on a grid.

    Args:
        in_channels (int): C of every level.
        num_domains (int): D; the adversary gives it.
        strides (Sequence[int]): pixels per cell of every level.
        grid (int): points along a box's edge on the finest level.
        channels (int): width of the hidden layer.
        weight (float): of its loss.
        boxes (str): ``'truth'`` reads labelled frames at their ground truth
            and the others at predictions; ``'predicted'`` reads every frame
            at predictions, so that the exactness of a box tells no domain.
        init_cfg (dict, optional): initialisation of MMEngine.

    Raises:
        ValueError: on other ``boxes``.
    """

    def __init__(
        self,
        in_channels: int,
        num_domains: int,
        strides: Sequence[int] = (8, 16, 32),
        grid: int = 3,
        channels: int = 128,
        weight: float = 1.0,
        boxes: str = 'truth',
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if boxes not in ('truth', 'predicted'):
            raise UserError(
                f"boxes='{boxes}' is unknown: use 'truth' or 'predicted'"
            )
        self.strides = tuple(strides)
        self.grid = grid
        self.weight = weight
        self.boxes = boxes
        points = len(self.strides) + grid * grid
        self.net = nn.Sequential(
            nn.Linear(points * in_channels, channels),
            nn.ReLU(inplace=True),
            nn.Linear(channels, num_domains),
        )

    def read(self, feats: tuple[Tensor, ...], boxes: Tensor) -> Tensor:
        """Rows (M, K, F) of the boxes (M, K, 4) in L feature maps."""
        return read_boxes(feats, boxes, self.strides, self.grid)

    def forward(self, rows: Tensor) -> Tensor:
        """Logits (..., D) of rows (..., F)."""
        return self.net(rows)
