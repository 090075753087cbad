"""Velocity of a box from where its features were one frame before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmvmtl.models.box_features import grid_in_box, sample_points
from mmvmtl.models.clip_batch import ClipBatch
from mmvmtl.models.losses import global_mean
from mmvmtl.models.precision import float32_at_least


class FramePair(NamedTuple):
    """Motion maps of M frames and of the frames before them.

    Attributes:
        now (Tensor): (M, D, H, W).
        before (Tensor): the same shape.
        gap (Tensor): (M,), difference of their frame numbers, NaN where a
            frame has none before it, or only one too long ago.
        shift (Tensor): (M, 2), where the whole picture was before, as seen
            from now, in pixels of the input.
    """

    now: Tensor
    before: Tensor
    gap: Tensor
    shift: Tensor


class MotionReader(BaseModule):
    """Correlate a box's centre with a window of the previous frame.

    A point alone can not see a fast object, so the window spans
    ``radius × step`` pixels to every side, around where the box would be if
    only the camera had moved: the shift that fits the two frames best as a
    whole. As in the correlation layer of
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
        camera_radius (int): how far the whole picture may shift, in cells of
            twice the level's stride.
        max_gap (int): velocity is unknown if the frame before lies more
            frame numbers back.
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
        camera_radius: int = 3,
        max_gap: int = 1,
    ) -> None:
        super().__init__()
        self.stride = stride
        self.groups = groups
        self.step = step
        self.camera_radius = camera_radius
        self.max_gap = max_gap
        self.project = nn.Conv2d(in_channels, channels, 1)
        self.register_buffer('window', _window(radius) * step, False)
        self.register_buffer('knocks', _window(camera_radius), False)
        self.sharpness = nn.Parameter(torch.tensor(2.0))
        self.camera_sharpness = nn.Parameter(torch.tensor(50.0))
        self.rest = nn.Sequential(
            nn.Linear(len(self.window) * groups + context_channels, 128),
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
        outlines = self._outline(now)
        before, outlines_before, gaps = [], [], []
        for (start, end), memory in zip(
            batch.spans(), batch.memory, strict=True
        ):
            last = memory[task].get('last')
            for m in range(start, end):
                frame_id = batch.frames[m].frame_id
                known = last is not None
                gap = frame_id - last[0] if known else float('nan')
                here = now[m], outlines[m]
                was = last[1] if known else here
                before.append(was[0])
                outlines_before.append(was[1])
                usable = 0 < gap <= self.max_gap
                gaps.append(gap if usable else float('nan'))
                last = frame_id, here
            memory[task]['last'] = last[0], tuple(t.detach() for t in last[1])
        return FramePair(
            now,
            torch.stack(before),
            torch.tensor(gaps, device=feat.device),
            self._shift(outlines, torch.stack(outlines_before), now.shape[2:]),
        )

    def camera_shift(self, now: Tensor, before: Tensor) -> Tensor:
        """Where the whole picture was, (M, 2) pixels, from (M, D, H, W).

        The mean cosine of the maps at half their resolution, over the cells
        that overlap, for every shift up to ``camera_radius`` cells; then a
        soft-argmax.
        """
        outlines = self._outline(now), self._outline(before)
        return self._shift(*outlines, now.shape[2:])

    def _outline(self, maps: Tensor) -> Tensor:
        """Unit features of motion maps at half size, as spectra.

        A frame's is needed twice: beside the frame before and the one after.
        """
        coarse = F.avg_pool2d(float32_at_least(maps), 2)
        length = coarse.square().sum(dim=1, keepdim=True)
        unit = coarse * length.clamp_min(1e-12).rsqrt()
        return torch.fft.rfft2(unit, self._padded(unit.shape[2:]))

    def _padded(self, size: Sequence[int]) -> list[int]:
        """So large that no shift wraps around, and as the window of shifts."""
        radius = self.camera_radius
        return [-(-(max(side, radius + 1) + radius) // 4) * 4 for side in size]

    def _shift(
        self, now: Tensor, before: Tensor, size: Sequence[int]
    ) -> Tensor:
        """:meth:`camera_shift` of outlines of maps of ``size`` (H, W)."""
        radius = self.camera_radius
        height, width = (side // 2 for side in size)
        full = self._padded((height, width))
        fit = torch.fft.irfft2((now.conj() * before).sum(dim=1), full)
        fit = fit.roll((radius, radius), dims=(1, 2))
        fit = fit[:, : 2 * radius + 1, : 2 * radius + 1]
        sides = fit.new_tensor([width, height])
        cells = (sides - self.knocks.abs()).clamp(min=1).prod(dim=1)
        fit = fit.flatten(1) / cells
        weight = (fit * self.camera_sharpness).softmax(dim=1)
        return expected(weight, self.knocks) * (2 * self.stride)

    def read(self, maps: FramePair, boxes: Tensor, hidden: Tensor) -> Tensor:
        """Velocities (M, K, 2) of ``boxes`` (M, K, 4) in pixels per frame.

        NaN in a frame that has none before it. ``hidden`` (M, K, F) are the
        boxes' own features.
        """
        centre = grid_in_box(boxes, 1)
        query = sample_points(maps.now, centre, self.stride)
        # Where the box was, had only the camera moved.
        still = centre + maps.shift[:, None, None]
        around = sample_points(maps.before, still + self.window, self.stride)
        match = self._correlate(query, around)
        weight = (match.mean(dim=-1) * self.sharpness).softmax(dim=-1)
        shift = expected(weight, self.window)
        rest = self.rest(torch.cat([match.flatten(2), hidden], dim=-1))
        moved = shift + float32_at_least(rest) * self.step
        origin = maps.shift[:, None] + moved
        # A gap of 1 where there is none keeps NaN out of the gradient.
        known = maps.gap.isfinite()[:, None, None]
        gap = maps.gap.nan_to_num(1.0)[:, None, None]
        return (-origin / gap).masked_fill(~known, float('nan'))

    def _correlate(self, query: Tensor, around: Tensor) -> Tensor:
        """Scaled products (M, K, G, groups) of (M, K, 1, D), (M, K, G, D)."""
        # Channels first, as they lie in memory; and the products are divided
        # by the lengths, not the many vectors of the window.
        query, around = (
            float32_at_least(part)
            .permute(0, 3, 1, 2)
            .unflatten(1, (self.groups, -1))
            for part in (query, around)
        )
        query = F.normalize(query, dim=2) * 4
        # A point on the rim, where the map fades to 0, must not turn into a
        # whole unit vector by a rounding error.
        scale = around.square().sum(dim=2).clamp_min(1e-4).rsqrt()
        match = (query * around).sum(dim=2) * scale
        return match.permute(0, 2, 3, 1)

    def loss(self, predicted: Tensor, target: Tensor, gap: Tensor) -> Tensor:
        """Smooth L1, (), over boxes of all ranks whose velocity is known.

        Args:
            predicted (Tensor): (K, 2), pixels per frame, NaN without a frame
                before.
            target (Tensor): (K, 2), NaN where unknown.
            gap (Tensor): (K,), frames between the two that were compared;
                the error counts over it, in steps of the window.
        """
        usable = predicted.isfinite().all(dim=-1)
        usable &= target.isfinite().all(dim=-1)
        unit = gap[usable, None] / self.step
        return global_mean(
            F.smooth_l1_loss(
                predicted[usable] * unit,
                target[usable] * unit,
                beta=0.25,
                reduction='none',
            )
        )


def _window(radius: int) -> Tensor:
    """Steps (x, y) of up to ``radius`` to every side, row by row."""
    side = torch.arange(-radius, radius + 1.0)
    dy, dx = torch.meshgrid(side, side, indexing='ij')
    return torch.stack([dx.flatten(), dy.flatten()], dim=-1)


def expected(weight: Tensor, places: Tensor) -> Tensor:
    """Mean (..., 2) of ``places`` (N, 2) under weights (..., N).

    No matrix product: under autocast that has the bits of half precision.
    """
    return (weight.to(places)[..., None] * places).sum(dim=-2)
