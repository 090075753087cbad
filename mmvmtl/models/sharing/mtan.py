"""A mask of every task over features that all share."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule, ModuleDict, ModuleList
from torch import Tensor, nn

from mmvmtl.models.sharing.base_sharing import BaseSharing, Features
from mmvmtl.registry import MODELS

#: What a mask lets through at the start.
FIRST_MASK = 0.9


@MODELS.register_module()
class MTAN(BaseSharing):
    r"""Multi-task attention network on feature levels.

    `Liu et al., CVPR 2019 <https://arxiv.org/abs/1803.10704>`_, its encoder
    form: with :math:`p^{(l)}` the shared features of level l, from fine to
    coarse,

    .. math:: \hat a_k^{(l)} = a_k^{(l)} \odot p^{(l)}, \quad
        a_k^{(l)} = \sigma\bigl(h_k(g_k([p^{(l)};
        f(\hat a_k^{(l-1)})]))\bigr)

    where :math:`g_k, h_k` are 1×1 convolutions of task k and f, a 3×3
    convolution and a maximum over cells, carries what was attended to the
    size of the next level; f is common to the tasks. The finest level has
    only :math:`p`. Masks start at 0.9 everywhere, so training begins near
    hard sharing (the paper says nothing of it). A task that is not asked
    costs nothing.

    Args:
        tasks (Sequence[str]): see :class:`BaseSharing`.
        in_channels (Sequence[int]): C of each level, from fine to coarse.
        norm_cfg (dict, optional): norm layer of g and f.
        init_cfg (dict, optional): initialisation of MMEngine.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        in_channels: Sequence[int],
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(tasks, in_channels, init_cfg)
        self.levels = ModuleList(
            AttendedLevel(self.tasks, before, channels, norm_cfg)
            for before, channels in zip(
                (0, *self.in_channels), self.in_channels
            )
        )

    def share(
        self, feats: Features, tasks: Sequence[str]
    ) -> dict[str, Features]:
        """Attend level after level, each task by itself."""
        out = {}
        for task in tasks:
            attended: list[Tensor] = []
            for level, feat in zip(self.levels, feats, strict=True):
                before = attended[-1] if attended else None
                attended.append(level(feat, before, task))
            out[task] = tuple(attended)
        return out


class AttendedLevel(BaseModule):
    """The masks of one level, and the way there from the finer one.

    Args:
        tasks (Sequence[str]): whose masks.
        before (int): channels of the finer level, 0 if there is none.
        channels (int): C of this level.
        norm_cfg (dict, optional): norm layer.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        before: int,
        channels: int,
        norm_cfg: dict | None,
    ) -> None:
        super().__init__()
        self.carry = None
        if before:
            self.carry = ConvModule(
                before, channels, 3, padding=1, norm_cfg=norm_cfg
            )
        inputs = 2 * channels if before else channels
        self.masks = ModuleDict(
            {task: _mask(inputs, channels, norm_cfg) for task in tasks}
        )

    def forward(
        self, feat: Tensor, before: Tensor | None, task: str
    ) -> Tensor:
        """What ``task`` attends to of ``feat`` (M, C, H, W)."""
        seen = feat
        if before is not None:
            carried = F.adaptive_max_pool2d(
                self.carry(before), feat.shape[-2:]
            )
            seen = torch.cat([feat, carried], dim=1)
        return self.masks[task](seen).sigmoid() * feat


def _mask(inputs: int, channels: int, norm_cfg: dict | None) -> nn.Sequential:
    """The convolutions g and h, whose sigmoid starts at ``FIRST_MASK``."""
    last = nn.Conv2d(channels, channels, 1)
    nn.init.zeros_(last.weight)
    nn.init.constant_(last.bias, math.log(FIRST_MASK / (1 - FIRST_MASK)))
    return nn.Sequential(
        ConvModule(inputs, channels, 1, norm_cfg=norm_cfg), last
    )
