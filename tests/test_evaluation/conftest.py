"""Clips with ground truth and predictions, for the metrics."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData

from mmvmtl.structures import VideoMTLDataSample

META = {'classes': ('cat', 'dog'), 'tasks': {'cls': ('walk', 'run')}}


def _boxes(lefts: list[float]) -> torch.Tensor:
    x = torch.tensor(lefts, dtype=torch.float32).reshape(-1)
    return torch.stack([x, 0 * x, x + 10, 0 * x + 10], dim=1)


def _frame(number: int, lefts: list[float], **fields) -> DetDataSample:
    """Ground truth: 10 x 10 px boxes whose left sides are ``lefts``.

    Predictions equal the ground truth; ``shift`` moves them by that many
    pixels, ``lefts_found`` replaces them, ``ids`` names them. ``labels``
    and ``velocities`` are of the ground truth, ``moves`` the predicted ones.
    """
    num = len(lefts)
    frame = DetDataSample(metainfo={'frame_id': number, 'video_id': 0})
    labels = torch.tensor(fields.get('labels', [0] * num), dtype=torch.long)
    frame.gt_instances = InstanceData(
        bboxes=_boxes(lefts),
        labels=labels,
        instances_ids=torch.arange(num),
        velocities=torch.tensor(
            fields.get('velocities', [[float('nan')] * 2] * num)
        ).reshape(num, 2),
        visibilities=torch.ones(num),
    )
    ignored = fields.get('ignored', [])
    frame.ignored_instances = InstanceData(
        bboxes=_boxes(ignored),
        labels=torch.zeros(len(ignored), dtype=torch.long),
    )
    found = fields.get('lefts_found', lefts)
    many = len(found)
    default = labels if many == num else torch.zeros(many, dtype=torch.long)
    frame.pred_instances = InstanceData(
        bboxes=_boxes(found) + fields.get('shift', 0.0),
        labels=default,
        scores=torch.linspace(0.9, 0.5, many),
    )
    tracks = frame.pred_instances.clone()
    ids = fields.get('ids', list(range(1, many + 1)))
    tracks.instances_id = torch.tensor(ids, dtype=torch.long)
    if 'moves' in fields:
        tracks.velocities = torch.tensor(fields['moves'])
    frame.pred_track_instances = tracks
    return frame


def _clip(
    frames: list[DetDataSample],
    video_id: int = 0,
    label: int | None = None,
    scores: tuple[float, ...] | None = None,
    **meta,
) -> VideoMTLDataSample:
    """A clip of ``frames``; ``labelled`` for everything unless told."""
    clip = VideoMTLDataSample()
    clip.set_metainfo({'video_id': video_id, 'video_name': f'v{video_id}'})
    clip.set_metainfo({'labelled': ('det', 'track', 'cls'), **meta})
    clip.video_data_samples = frames
    if label is not None:
        clip.set_gt_label(label)
    if scores is not None:
        clip.set_pred_score(torch.tensor(scores))
    return clip


def _evaluate(metric: object, clips: list, batch: int = 1) -> dict:
    """Run a metric as the validation loop does."""
    evaluator = Evaluator(metric)
    evaluator.dataset_meta = META
    for start in range(0, len(clips), batch):
        evaluator.process(data_samples=clips[start : start + batch])
    return evaluator.evaluate(len(clips))


@pytest.fixture
def make_frame() -> Callable[..., DetDataSample]:
    return _frame


@pytest.fixture
def make_clip() -> Callable[..., VideoMTLDataSample]:
    return _clip


@pytest.fixture
def evaluate() -> Callable[..., dict]:
    return _evaluate
