"""Tracking and velocity numbers of the validation loop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

import numpy as np
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from mmvmtl.boxes import iou
from mmvmtl.evaluation.mot_metrics import evaluate_mot
from mmvmtl.evaluation.mot_sequence import Frame, drop_ignored, match
from mmvmtl.evaluation.video_metric import (
    Record,
    VideoMetric,
    frame_key,
    of_labelled_classes,
    read_fields,
    read_ignored,
    to_numpy,
)
from mmvmtl.registry import METRICS

PERCENT = ('HOTA', 'DetA', 'AssA', 'MOTA', 'IDF1')


@METRICS.register_module()
class MOTMetric(VideoMetric):
    """``track/`` HOTA, DetA, AssA, MOTA, IDF1 in percent, and IDSW.

    Each is the mean over the classes that have ground truth; IDSW is the sum.
    Predictions with id 0 are not tracks and do not count, nor do those of
    classes that a frame's ``labelled_classes``, where it has them, leaves out.

    ``track/velocity_mae`` is the mean absolute error of the components of
    the velocity, in pixels per frame of the original image, over predictions
    matched (same class, IoU >= 0.5) to a true box, where both are known;
    ``track/velocity_mae_zero`` is what predicting no motion gives on the
    same boxes; both are NaN if nothing matches. Velocities are read from
    ``pred_track_instances`` if they carry any, else from ``pred_instances``.

    Args:
        classwise (bool): also report ``track/<class>/HOTA`` and so on.
        **kwargs: of ``BaseMetric``.
    """

    default_prefix = 'track'
    task = 'track'

    def __init__(self, classwise: bool = False, **kwargs) -> None:
        super().__init__(**kwargs)
        self.classwise = classwise

    def read(self, sample: dict) -> Iterable[Record]:
        """Read the boxes of each frame that carries predictions."""
        for frame in sample['video_data_samples']:
            scene = _read_frame(frame)
            errors = _read_velocity_errors(frame)
            if scene is not None or errors is not None:
                truth = read_fields(
                    frame.gt_instances, boxes='bboxes', labels='labels'
                )
                yield {
                    'key': frame_key(sample, frame),
                    'truth': tuple(truth.values()),
                    'frame': scene,
                    'errors': errors,
                }

    def compute(self, records: list[Record]) -> dict[str, float]:
        """Score the tracks of all videos, and the velocities."""
        videos = [
            [r['frame'] for r in group if r['frame'] is not None]
            for _, group in groupby(records, key=lambda r: r['key'][0])
        ]
        result = evaluate_mot(videos)
        metrics = _pick(result.class_mean)
        if metrics and self.classwise:
            for label, name in enumerate(self.class_names()):
                row = _pick(result.per_class.get(label, {}))
                metrics |= {f'{name}/{k}': v for k, v in row.items()}
        return metrics | _velocity_scores([r['errors'] for r in records])


def _pick(scores: dict[str, float]) -> dict[str, float]:
    return {k: scores[k] for k in (*PERCENT, 'IDSW') if k in scores}


def _velocity_scores(
    errors: Sequence[np.ndarray | None],
) -> dict[str, float]:
    """Mean absolute errors of the prediction and of predicting zero.

    NaN if velocities are known but nothing was matched: a key that comes and
    goes would end a training that saves by it.
    """
    known = [rows for rows in errors if rows is not None]
    if not known:
        return {}
    rows = np.concatenate(known)
    predicted, zero = rows.mean(axis=0) if len(rows) else (np.nan, np.nan)
    return {
        'velocity_mae': float(predicted),
        'velocity_mae_zero': float(zero),
    }


def _read_frame(frame: DetDataSample) -> Frame | None:
    """Read a frame without what is ignored; None if it is not tracked."""
    truth, tracks = frame.gt_instances, frame.get('pred_track_instances')
    if tracks is None or 'instances_id' not in tracks:
        return None
    tracks = of_labelled_classes(frame, tracks)
    scene = Frame(
        gt_boxes=_boxes(truth),
        boxes=_boxes(tracks),
        **read_fields(truth, gt_ids='instances_ids', gt_labels='labels'),
        **read_fields(tracks, ids='instances_id', labels='labels'),
    )
    everything = np.ones(len(scene.gt_ids), bool)
    scene = scene.select(everything, scene.ids != 0)
    return drop_ignored(scene, *read_ignored(frame))


def _boxes(instances: InstanceData) -> np.ndarray:
    return to_numpy(instances.bboxes).astype(np.float64)


def _read_velocity_errors(frame: DetDataSample) -> np.ndarray | None:
    """Absolute errors (K, 2) of matched boxes: predicted, and of zero.

    Each row is the mean over the two components. None if the frame has no
    predicted or no true velocities.
    """
    if 'velocities' not in frame.gt_instances:
        return None
    for name in ('pred_track_instances', 'pred_instances'):
        predicted = frame.get(name)
        if predicted is not None and 'velocities' in predicted:
            break
    else:
        return None
    truth = frame.gt_instances
    true_velocities = to_numpy(truth.velocities).astype(np.float64)
    overlap = iou(_boxes(truth), _boxes(predicted))
    labels = to_numpy(truth.labels)[:, None]
    overlap[labels != to_numpy(predicted.labels)[None]] = 0
    rows, columns = match(overlap)
    true = true_velocities[rows]
    guess = to_numpy(predicted.velocities)[columns]
    # A stream's first frame has no prediction.
    known = np.isfinite(true + guess).all(axis=1)
    true, guess = true[known], guess[known]
    return np.stack(
        [np.abs(guess - true).mean(axis=1), np.abs(true).mean(axis=1)], axis=1
    )
