"""Regions that are marked as ignored teach no background."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from mmdet.models.task_modules.prior_generators import MlvlPointGenerator
from mmdet.structures import DetDataSample
from torch import Tensor, nn

from mmvmtl.models.heads.class_masks import HIDDEN, refuse_to_hide


def ignored_cells(
    frames: Sequence[DetDataSample], height: int, width: int
) -> Tensor:
    """Cells of a map with their centre in an ignored region, (M, H, W) bool.

    Those that are within a cell of an object are not among them: the head
    may have to find it there.

    Args:
        frames (Sequence[DetDataSample]): M, with ``ignored_instances``,
            ``gt_instances`` and ``batch_input_shape``, in its pixels.
        height (int): H of the map.
        width (int): W of the map.
    """
    rows = []
    for frame in frames:
        ignored = frame.ignored_instances.bboxes
        tall, wide = frame.batch_input_shape
        cell = ignored.new_tensor([wide / width, tall / height])
        y, x = torch.meshgrid(
            torch.arange(height), torch.arange(width), indexing='ij'
        )
        centres = (torch.stack([x, y], dim=-1).to(ignored) + 0.5) * cell
        near = torch.cat([-cell, cell])
        objects = frame.gt_instances.bboxes + near
        rows.append(_inside(centres, ignored) & ~_inside(centres, objects))
    return torch.stack(rows)


def _inside(points: Tensor, boxes: Tensor) -> Tensor:
    """Which of ``points`` (H, W, 2) are in one of ``boxes`` (N, 4)."""
    points = points[:, :, None]
    low, high = points >= boxes[:, :2], points <= boxes[:, 2:]
    return (low & high).all(dim=-1).any(dim=-1)


@contextmanager
def ignored_left_out(
    head: nn.Module, frames: Sequence[DetDataSample]
) -> Iterator[None]:
    """While it lasts, ``head`` gives no logits inside ignored regions.

    The constant that stands for them has loss 0 and no gradient, see
    :mod:`mmvmtl.models.heads.class_masks`. That is for heads of points with a
    sigmoid for each class (RTMDet, FCOS); for anchors MMDet's assigners have
    ``ignore_iof_thr``, and other heads do not know ignored regions.
    """
    of_points = isinstance(
        getattr(head, 'prior_generator', None), MlvlPointGenerator
    )
    some = any(len(f.get('ignored_instances', ())) for f in frames)
    if not (some and of_points and refuse_to_hide(head) is None):
        yield
        return

    def hook(_: nn.Module, __: tuple, outputs: tuple) -> tuple:
        scores, *rest = outputs
        shown = [
            level.masked_fill(
                ignored_cells(frames, *level.shape[2:])[:, None], HIDDEN
            )
            for level in scores
        ]
        return (shown, *rest)

    handle = head.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()
