"""Predictions as plain data: JSON records and MOT text."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from mmdet.structures import DetDataSample

Sample = Mapping[str, Any]


def frame_record(frame: DetDataSample) -> dict:
    """What was predicted in one frame, as plain data.

    Returns:
        dict: ``frame`` (from 0), ``boxes``: one record each with ``id``
        (from 1; None without tracking), ``bbox`` (xyxy, original pixels),
        ``score``, ``label`` (from 0) and, if predicted, ``velocity``
        (pixels per frame); and, if predicted, ``frame_label`` (from 0).
    """
    record: dict[str, Any] = {'frame': int(frame.frame_id)}
    record['boxes'] = list(_boxes(shown_instances(frame)))
    if 'pred_frame_label' in frame:
        record['frame_label'] = int(frame.pred_frame_label[0])
    return record


def shown_instances(frame: DetDataSample) -> Mapping | None:
    """The tracks of a frame, or its detections where nothing is tracked."""
    tracks = frame.get('pred_track_instances')
    if tracks is not None and 'instances_id' in tracks:
        return tracks
    return frame.get('pred_instances')


def _boxes(found: Mapping | None) -> Iterator[dict]:
    if found is None:
        return
    names = ('bboxes', 'scores', 'labels', 'instances_id', 'velocities')
    arrays = {
        name: found[name].detach().cpu().tolist()
        for name in names
        if name in found
    }
    for i, bbox in enumerate(arrays['bboxes']):
        box = {
            'id': arrays['instances_id'][i]
            if 'instances_id' in arrays
            else None,
            'bbox': [round(value, 3) for value in bbox],
            'score': round(arrays['scores'][i], 5),
            'label': arrays['labels'][i],
        }
        if 'velocities' in arrays:
            box['velocity'] = [round(v, 3) for v in arrays['velocities'][i]]
        yield box


def clip_record(sample: Sample) -> dict:
    """``label`` (from 0) and ``scores`` of a clip; empty if not predicted.

    Args:
        sample (dict or VideoMTLDataSample): with ``pred_score``, (C,).
    """
    scores = sample.get('pred_score')
    if scores is None:
        return {}
    scores = [round(float(value), 5) for value in scores]
    return {'label': int(np.argmax(scores)), 'scores': scores}


def mot_lines(record: dict) -> list[str]:
    """Lines of MOT text of one :func:`frame_record`.

    ``frame (from 1), id, x, y, w, h, score, class (from 1), visibility``;
    the id of an untracked detection is -1, and visibility, which nothing
    predicts, is 1.
    """
    lines = []
    for box in record['boxes']:
        x1, y1, x2, y2 = box['bbox']
        number = -1 if box['id'] is None else box['id']
        lines.append(
            f'{record["frame"] + 1},{number},{x1:.2f},{y1:.2f},'
            f'{x2 - x1:.2f},{y2 - y1:.2f},{box["score"]:.5f},'
            f'{box["label"] + 1},1'
        )
    return lines


def json_text(value: Any) -> str:
    """JSON in which numbers that are not finite become null."""
    return json.dumps(_finite(value))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if hasattr(value, 'tolist'):
        return _finite(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
