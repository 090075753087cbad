"""The domain batch of clips, with the boxes our own heads find."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch
from mmdet.structures import DetDataSample
from torch import Tensor, nn

from mmvmtl.errors import UserError
from mmvmtl.models.clip_batch import ClipBatch, select_frames
from mmvmtl.models.domain.domain_batch import DomainBatch
from mmvmtl.structures import VideoMTLDataSample

#: Predictions that instance adversaries look at: at least so sure, and the
#: surest of a frame.
SCORE_THR, MAX_BOXES = 0.2, 20


@contextmanager
def predicting(module: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients or autocast, in which NMS fails.

    Each module's mode comes back.
    """
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        with torch.no_grad(), torch.autocast(_device(module), enabled=False):
            yield
    finally:
        for part, training in modes:
            part.training = training


def _device(module: nn.Module) -> str:
    return next(module.parameters()).device.type


def surest_boxes(frame: DetDataSample) -> Tensor:
    """Boxes (N, 4) of the predictions that are sure enough, N <= 20."""
    found = frame.pred_instances
    found = found[found.scores >= SCORE_THR]
    order = found.scores.argsort(descending=True)[:MAX_BOXES]
    return found.bboxes[order].detach()


def clip_domain_batch(
    stages: dict[str, tuple[Tensor, ...]],
    feats: dict[str, tuple[Tensor, ...]],
    batch: ClipBatch,
    heads: nn.ModuleDict,
) -> DomainBatch:
    """What the domains of a batch of clips are compared by.

    Args:
        stages (dict[str, tuple]): levels by 'backbone' and 'neck'.
        feats (dict[str, tuple]): each task's features.
        batch (ClipBatch): the clips.
        heads (nn.ModuleDict): task heads; the one that gives boxes predicts
            them where there is no ground truth, in evaluation mode.
    """
    per_clip = list(zip(batch.samples, batch.lengths, strict=True))
    return DomainBatch(
        stages,
        batch.frames,
        [s.get('domain') for s, n in per_clip for _ in range(n)],
        [float(s.get('weight', 1.0)) for s, n in per_clip for _ in range(n)],
        partial(_find_boxes, feats, batch, heads),
    )


def _find_boxes(
    feats: dict[str, tuple[Tensor, ...]],
    batch: ClipBatch,
    heads: nn.ModuleDict,
    kind: str,
) -> list[Tensor]:
    """Boxes of every frame, by :attr:`DomainBatch.find_boxes`."""
    task = next((t for t, head in heads.items() if head.gives == 'boxes'), '')
    if not task:
        raise UserError(
            'an adversary at instance level needs boxes, and no task of the '
            'model gives them: add a detection head, or leave instance out'
        )
    known = set(batch.labelled_frames(task).tolist())
    known = known if kind == 'truth' else set()
    ask = [m for m in range(len(batch.frames)) if m not in known]
    boxes = [frame.gt_instances.bboxes for frame in batch.frames]
    if not ask:
        return boxes
    clip = VideoMTLDataSample()
    clip.video_data_samples = [
        DetDataSample(metainfo=batch.frames[m].metainfo) for m in ask
    ]
    rows = select_frames(feats[task], torch.tensor(ask))
    dtype = next(heads[task].parameters()).dtype
    rows = tuple(row.to(dtype) for row in rows)
    with predicting(heads[task]):
        heads[task].predict(rows, ClipBatch([clip]))
    for m, frame in zip(ask, clip.video_data_samples, strict=True):
        boxes[m] = surest_boxes(frame).to(boxes[m])
    return boxes
