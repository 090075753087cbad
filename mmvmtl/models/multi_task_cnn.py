"""A small network that video classification tasks share."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule, ModuleList
from torch import Tensor, nn

from mmvmtl.errors import UserError
from mmvmtl.registry import MODELS


@MODELS.register_module()
class MultiTaskCNN(BaseModule):
    """Stages of one 3×3 convolution, ReLU and 2×2 maximum, as a backbone.

    Three stages of 32, 64 and 128 channels turn 64×64 pixels into 8×8 cells.
    With :class:`SharedLayer` as neck and a head for each task it is the
    textbook network of hard sharing; by itself it serves any head, also
    MMDet's (strides 2, 4, 8, ...) and MMAction2's.

    Args:
        channels (Sequence[int]): of every stage.
        out_indices (Sequence[int] | int): stages that are given, from 0. An
            int gives that one as it is, not in a tuple: what
            ``Recognizer2D`` of MMAction2 takes.
        in_channels (int): of the frames.
        norm_cfg (dict, optional): norm layer of the convolutions.
        init_cfg (dict, optional): initialisation of MMEngine.

    Raises:
        ValueError: if a stage is asked that does not exist.
    """

    def __init__(
        self,
        channels: Sequence[int] = (32, 64, 128),
        out_indices: Sequence[int] | int = (2,),
        in_channels: int = 3,
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.single = isinstance(out_indices, int)
        asked: tuple[int, ...] = (
            (out_indices,)
            if isinstance(out_indices, int)
            else tuple(out_indices)
        )
        wrong = [i for i in asked if i not in range(len(channels))]
        if wrong or not asked:
            raise UserError(
                f'out_indices={out_indices} of MultiTaskCNN must name stages '
                f'0 to {len(channels) - 1}'
            )
        self.out_indices = asked
        self.stages = ModuleList(
            ConvModule(before, after, 3, padding=1, norm_cfg=norm_cfg)
            for before, after in zip((in_channels, *channels), channels)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, ...] | Tensor:
        """Maps (M, C_i, H / 2^(i+1), W / 2^(i+1)) of frames (M, 3, H, W)."""
        maps = []
        for stage in self.stages[: max(self.out_indices) + 1]:
            x = F.max_pool2d(stage(x), 2)
            maps.append(x)
        outs = tuple(maps[i] for i in self.out_indices)
        return outs[0] if self.single else outs


@MODELS.register_module()
class SharedLayer(BaseModule):
    """A fully connected layer over the whole frame, as a neck.

    It looks at the last level, brought to ``size`` cells by averaging, and
    knows where in the frame something is, which a global mean does not.

    Args:
        in_channels (int): C of the last level.
        out_channels (int): D, what the tasks share of a frame.
        size (int): cells along a side.
        dropout (float): share of the D numbers dropped in training, 0..1.
        init_cfg (dict, optional): initialisation of MMEngine.
    """

    def __init__(
        self,
        in_channels: int = 128,
        out_channels: int = 128,
        size: int = 8,
        dropout: float = 0.0,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.size = size
        self.fc = nn.Linear(in_channels * size * size, out_channels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, feats: tuple[Tensor, ...]) -> tuple[Tensor]:
        """One level (M, D, 1, 1) of levels (M, C, H, W)."""
        cells = F.adaptive_avg_pool2d(feats[-1], self.size)
        shared = self.dropout(self.fc(cells.flatten(1)).relu())
        return (shared[..., None, None],)
