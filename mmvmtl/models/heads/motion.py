"""Velocity of a box from where its features were one frame before."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmvmtl.models.box_features import grid_in_box, sample_points
from mmvmtl.models.clip_batch import ClipBatch


class FramePair(NamedTuple):
    """Motion maps of M frames and of the frames before them.

    ``gap`` (M,) is the difference of their frame numbers, NaN where a frame
    has none before it.
    """

    now: Tensor
    before: Tensor
    gap: Tensor


class MotionReader(BaseModule):
    """Correlate a box's centre with a window of the previous frame.

    A point alone can not see a fast object, so the window spans
    ``radius × step`` pixels to every side. As in the correlation layer of
    `FlowNet <https://arxiv.org/abs/1504.06852>`_, but at boxes only: the
    products of features, in groups of channels, give a soft-argmax
    displacement, and an MLP adds the rest.

    Args:
        in_channels (int): C of the finest feature level.
        stride (int): pixels per cell of that level.
        context_channels (int): width of the box features beside it.
        channels (int): width of the compared features.
        groups (int): groups of channels compared each for itself.
        radius (int): points of the window to every side.
        step (float): pixels between them.
    """

    def __init__(
        self,
        in_channels: int,
        stride: int,
        context_channels: int,
        channels: int = 32,
        groups: int = 4,
        radius: int = 5,
        step: float = 4.0,
    ) -> None:
        super().__init__()
        self.stride = stride
        self.groups = groups
        self.step = step
        self.project = nn.Conv2d(in_channels, channels, 1)
        side = torch.arange(-radius, radius + 1) * float(step)
        dy, dx = torch.meshgrid(side, side, indexing='ij')
        window = torch.stack([dx.flatten(), dy.flatten()], dim=-1)
        self.register_buffer('window', window, persistent=False)
        self.sharpness = nn.Parameter(torch.tensor(2.0))
        self.rest = nn.Sequential(
            nn.Linear(len(window) * groups + context_channels, 128),
            nn.ReLU(inplace=True),
            nn.Linear(128, 2),
        )

    def forward(self, feat: Tensor) -> Tensor:
        """Motion map (M, D, H, W) of the finest level."""
        return self.project(feat)

    def pair(self, feat: Tensor, batch: ClipBatch, task: str) -> FramePair:
        """Put every frame's map beside that of the frame before it.

        The last map of a clip is remembered for the stream's next clip.
        """
        now = self(feat)
        before, gaps = [], []
        for (start, end), memory in zip(
            batch.spans(), batch.memory, strict=True
        ):
            last = memory[task].get('last')
            for m in range(start, end):
                frame_id = batch.frames[m].frame_id
                known = last is not None
                gap = frame_id - last[0] if known else float('nan')
                before.append(last[1] if known else now[m])
                gaps.append(gap if gap > 0 else float('nan'))
                last = frame_id, now[m]
            memory[task]['last'] = last[0], last[1].detach()
        gap = torch.tensor(gaps, device=feat.device)
        return FramePair(now, torch.stack(before), gap)

    def read(self, maps: FramePair, boxes: Tensor, hidden: Tensor) -> Tensor:
        """Velocities (M, K, 2) of ``boxes`` (M, K, 4) in pixels per frame.

        NaN in a frame that has none before it. ``hidden`` (M, K, F) are the
        boxes' own features.
        """
        centre = grid_in_box(boxes, 1)
        query = sample_points(maps.now, centre, self.stride)
        around = sample_points(
            maps.before, centre + self.window, self.stride
        )
        match = self._correlate(query, around)
        weight = (match.mean(dim=-1) * self.sharpness).softmax(dim=-1)
        shift = weight.to(self.window) @ self.window
        rest = self.rest(torch.cat([match.flatten(2), hidden], dim=-1))
        origin = shift + rest.float() * self.step
        return -origin / maps.gap[:, None, None]

    def _correlate(self, query: Tensor, around: Tensor) -> Tensor:
        """Scaled products (M, K, G, groups) of (M, K, 1, D), (M, K, G, D)."""
        split = (self.groups, -1)
        query = F.normalize(query.unflatten(-1, split), dim=-1)
        around = F.normalize(around.unflatten(-1, split), dim=-1)
        return (query * around).sum(dim=-1) * 4

    def loss(
        self,
        feat: Tensor,
        batch: ClipBatch,
        task: str,
        boxes: Tensor,
        real: Tensor,
        hidden: Tensor,
        target: Tensor,
    ) -> Tensor:
        """Smooth L1, (), over boxes whose velocity is known.

        Args:
            feat (Tensor): finest level, (M, C, H, W).
            batch (ClipBatch): the clips the M frames belong to.
            task (str): name of the task, for the clips' memory.
            boxes (Tensor): (M, K, 4), padded.
            real (Tensor): mask (M, K) of the K' boxes that are none padding.
            hidden (Tensor): the boxes' own features, (M, K, F).
            target (Tensor): (K', 2), pixels per frame, NaN where unknown.
        """
        maps = self.pair(feat, batch, task)
        # A gap of 1 where there is none keeps NaN out of the gradient.
        known = maps.gap.isfinite()
        gap = maps.gap.nan_to_num(1.0)
        predicted = self.read(maps._replace(gap=gap), boxes, hidden)[real]
        usable = known[:, None].expand_as(real)[real]
        usable = usable & target.isfinite().all(dim=-1)
        if not usable.any():
            return predicted.sum() * 0
        unit = (gap / self.step)[:, None].expand_as(real)[real][usable, None]
        return F.smooth_l1_loss(
            predicted[usable] * unit, target[usable] * unit, beta=0.25
        )
