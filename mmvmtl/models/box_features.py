"""Read feature maps at points around boxes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


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
    grid = (points * scale - 1).to(feat.dtype)
    values = F.grid_sample(feat, grid, align_corners=False)
    return values.permute(0, 2, 3, 1)
