"""Mean average precision of COCO over the frames of videos."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Sequence

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mmvmtl.boxes import xyxy_to_xywh
from mmvmtl.evaluation.video_metric import (
    Record,
    VideoMetric,
    frame_key,
    of_labelled_classes,
    read_fields,
    read_ignored,
)
from mmvmtl.registry import METRICS


@METRICS.register_module()
class VideoDetMetric(VideoMetric):
    """``det/mAP`` (IoU 0.50 to 0.95) and ``det/mAP50``, 0..1, by pycocotools.

    At most 100 predictions a frame count, and only those of the frame's
    ``labelled_classes``, where it has them. An ignored box acts as COCO's
    ``iscrowd``: predictions of its class inside it are forgiven; label -1
    forgives every class.

    Args:
        classwise (bool): also report ``det/<class>/mAP`` and
            ``det/<class>/mAP50`` of each class with ground truth.
        **kwargs: of ``BaseMetric``.
    """

    default_prefix = 'det'
    task = 'det'

    def __init__(self, classwise: bool = False, **kwargs) -> None:
        super().__init__(**kwargs)
        self.classwise = classwise

    def read(self, sample: dict) -> Iterable[Record]:
        """Read the boxes of each frame that carries predictions."""
        for frame in sample['video_data_samples']:
            if 'pred_instances' not in frame:
                continue
            found = of_labelled_classes(frame, frame.pred_instances)
            truth = read_fields(
                frame.gt_instances, gt_boxes='bboxes', gt_labels='labels'
            )
            ignored_boxes, ignored_labels = read_ignored(frame)
            yield {
                'key': frame_key(sample, frame),
                'truth': tuple(truth.values()),
                **read_fields(
                    found,
                    boxes='bboxes',
                    scores='scores',
                    labels='labels',
                ),
                **truth,
                'ignored_boxes': ignored_boxes,
                'ignored_labels': ignored_labels,
            }

    def compute(self, records: list[Record]) -> dict[str, float]:
        """Average the precision over classes, thresholds and recalls."""
        if not records:
            return {}
        classes = self.class_names()
        precision = coco_precision(records, len(classes))
        metrics = _average(precision)
        if self.classwise:
            for index, name in enumerate(classes):
                row = _average(precision[:, :, index])
                metrics |= {f'{name}/{k}': v for k, v in row.items()}
        return metrics


def coco_precision(records: Sequence[Record], num_classes: int) -> np.ndarray:
    """Precision (10 IoU thresholds, 101 recalls, classes); -1: no truth."""
    truth = COCO()
    truth.dataset = {
        'images': [{'id': index} for index in range(1, len(records) + 1)],
        'categories': [{'id': index} for index in range(num_classes)],
        'annotations': _annotations(records, num_classes),
    }
    found = _detections(records)
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        if len(found):
            result = truth.loadRes(found)
        else:  # loadRes can not stand an empty list
            result = COCO()
            result.dataset = {**truth.dataset, 'annotations': []}
            result.createIndex()
        evaluation = COCOeval(truth, result, 'bbox')
        evaluation.params.areaRng = [[0, 1e10]]
        evaluation.params.areaRngLbl = ['all']
        evaluation.params.maxDets = [100]
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval['precision'][..., 0, 0]


def _annotations(records: Sequence[Record], num_classes: int) -> list[dict]:
    """Ground truth in COCO's form; ids from 1, since it takes 0 for none."""
    rows: list[dict] = []

    def add(image: int, box: np.ndarray, label: int, crowd: int) -> None:
        x, y, width, height = xyxy_to_xywh(box.astype(np.float64)).tolist()
        rows.append(
            {
                'id': len(rows) + 1,
                'image_id': image,
                'category_id': label,
                'bbox': [x, y, width, height],
                'area': width * height,
                'iscrowd': crowd,
            }
        )

    for image, record in enumerate(records, start=1):
        for box, label in zip(
            record['gt_boxes'], record['gt_labels'].tolist(), strict=True
        ):
            add(image, box, label, 0)
        for box, label in zip(
            record['ignored_boxes'],
            record['ignored_labels'].tolist(),
            strict=True,
        ):
            every = range(num_classes) if label == -1 else [label]
            for forgiven in every:
                add(image, box, forgiven, 1)
    return rows


def _detections(records: Sequence[Record]) -> np.ndarray:
    """Predictions as rows (image, x, y, w, h, score, class), (N, 7)."""
    rows = [np.empty((0, 7))]
    for image, record in enumerate(records, start=1):
        num = len(record['scores'])
        rows.append(
            np.column_stack(
                [
                    np.full(num, image, np.float64),
                    xyxy_to_xywh(record['boxes'].astype(np.float64)),
                    record['scores'],
                    record['labels'],
                ]
            )
        )
    return np.concatenate(rows)


def _average(precision: np.ndarray) -> dict[str, float]:
    """Mean precision where there is ground truth; empty if there is none."""
    known = precision > -1
    if not known.any():
        return {}
    half = precision[0]
    return {
        'mAP': float(precision[known].mean()),
        'mAP50': float(half[half > -1].mean()),
    }
