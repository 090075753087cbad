"""Read feature maps at points around boxes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmvmtl.models.precision import float32_at_least


def pad_boxes(boxes: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Stack the boxes of M frames, filled up to the largest number.

    Args:
        boxes (Sequence[Tensor]): M tensors (N_m, 4), xyxy pixels.

    Returns:
        tuple: boxes (M, K, 4) with K >= 1, and a mask (M, K) of real ones.
    """
    most = max(1, *(len(b) for b in boxes)) if boxes else 1
    padded = torch.stack([F.pad(b, (0, 0, 0, most - len(b))) for b in boxes])
    counts = torch.tensor([len(b) for b in boxes], device=padded.device)
    slots = torch.arange(most, device=padded.device)
    return padded, slots[None] < counts[:, None]


def grid_in_box(boxes: Tensor, side: int) -> Tensor:
    """Centres of the ``side`` × ``side`` cells of each box.

    Args:
        boxes (Tensor): (..., 4), xyxy pixels.
        side (int): cells along an edge; 1 gives the centre.

    Returns:
        Tensor: points (..., side², 2) in pixels, row by row.
    """
    low, high = boxes[..., None, :2], boxes[..., None, 2:]
    if side == 1:
        return (low + high) / 2
    steps = [(i + 0.5) / side for i in range(side)]
    unit = boxes.new_tensor([[u, v] for v in steps for u in steps])
    return low + unit * (high - low)


def sample_points(feat: Tensor, points: Tensor, stride: float) -> Tensor:
    """Read a feature map bilinearly; outside of it there are zeros.

    Args:
        feat (Tensor): (M, C, H, W).
        points (Tensor): (M, K, G, 2), x and y in pixels of the input.
        stride (float): pixels of the input per cell.

    Returns:
        Tensor: (M, K, G, C).
    """
    height, width = feat.shape[2:]
    scale = points.new_tensor([2 / (width * stride), 2 / (height * stride)])
    # Half precision would put points up to a pixel beside their place.
    exact = float32_at_least(feat)
    grid = (points * scale - 1).to(exact.dtype)
    values = F.grid_sample(exact, grid, align_corners=False)
    return values.permute(0, 2, 3, 1).to(feat.dtype)


def read_boxes(
    feats: tuple[Tensor, ...],
    boxes: Tensor,
    strides: Sequence[float],
    grid: int,
) -> Tensor:
    """All levels at a box's centre, the finest on a grid inside the box.

    Args:
        feats (tuple[Tensor, ...]): L levels (M, C, H, W), the finest first.
        boxes (Tensor): (M, K, 4), xyxy pixels.
        strides (Sequence[float]): pixels per cell of every level.
        grid (int): points along a box's edge.

    Returns:
        Tensor: (M, K, (L + grid²) C).
    """
    centre = grid_in_box(boxes, 1)
    inside = torch.cat([centre, grid_in_box(boxes, grid)], dim=2)
    fine = sample_points(feats[0], inside, strides[0])
    coarse = [
        sample_points(feat, centre, stride)
        for feat, stride in zip(feats[1:], strides[1:], strict=True)
    ]
    parts = [fine[:, :, :1], *coarse, fine[:, :, 1:]]
    return torch.cat(parts, dim=2).flatten(2)
