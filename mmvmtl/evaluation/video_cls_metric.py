"""Accuracy of clip labels and frame labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from mmvmtl.evaluation.video_metric import (
    Record,
    VideoMetric,
    frame_key,
    is_labelled,
    to_numpy,
    video_key,
)
from mmvmtl.registry import METRICS


@METRICS.register_module()
class VideoClsMetric(VideoMetric):
    """``cls/clip_top1``, ``cls/frame_top1`` and numbers of each class, 0..1.

    A video that comes in several chunks is labelled by the score of its last
    one: a stream's score is the mean over all it has seen, so the label does
    not depend on how the video was cut. Frames count one by one where they
    carry ``gt_frame_label`` (>= 0) and ``pred_frame_label``.

    ``cls/<class>/precision``, ``recall`` and ``f1`` are given for each class
    with ground truth, of clip labels, or of frame labels where no video has a
    clip label; a class that is never predicted has precision 0.

    Class names are the data set's ``metainfo['tasks']['cls']`` (clips) and
    ``['frame']`` (frames), else the index.
    """

    default_prefix = 'cls'
    task = 'cls'

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Read clips and frames; either may be labelled without the other."""
        for sample in self.of_dataset(data_samples):
            self.results.extend(self.read(sample))

    def read(self, sample: dict) -> Iterable[Record]:
        """Read a clip's scores, and the labels of its frames."""
        frames = sample['video_data_samples']
        if (
            is_labelled(sample, self.task)
            and 'gt_label' in sample
            and 'pred_score' in sample
        ):
            numbers = tuple(int(frame.frame_id) for frame in frames)
            label = int(to_numpy(sample['gt_label']).item())
            yield {
                'key': (video_key(sample), -1, *numbers),
                'truth': (label,),
                'label': label,
                'scores': to_numpy(sample['pred_score']),
            }
        for frame in frames:
            if (
                'gt_frame_label' not in frame
                or 'pred_frame_label' not in frame
            ):
                continue
            label = int(to_numpy(frame.gt_frame_label).item())
            if label >= 0:
                yield {
                    'key': frame_key(sample, frame),
                    'truth': (label,),
                    'label': label,
                    'prediction': int(to_numpy(frame.pred_frame_label).item()),
                }

    def compute(self, records: list[Record]) -> dict[str, float]:
        """Label every video, then count right answers."""
        clips = _label_videos([r for r in records if 'scores' in r])
        frames = np.array(
            [
                (record['label'], record['prediction'])
                for record in records
                if 'prediction' in record
            ],
            np.int64,
        ).reshape(-1, 2)
        metrics = {}
        for name, pairs in (('clip_top1', clips), ('frame_top1', frames)):
            if len(pairs):
                metrics[name] = float(np.mean(pairs[:, 0] == pairs[:, 1]))
        names = (self.dataset_meta or {}).get('tasks', {})
        if len(clips):
            metrics |= class_scores(clips, names.get('cls', ()))
        elif len(frames):
            metrics |= class_scores(frames, names.get('frame', ()))
        return metrics


def _label_videos(clips: Sequence[Record]) -> np.ndarray:
    """Find the true and predicted label of each video, (V, 2)."""
    last: dict[tuple, Record] = {}
    for clip in clips:
        key = (clip['key'][0], clip['label'])
        if key not in last or clip['key'] > last[key]['key']:
            last[key] = clip
    pairs = [
        (label, int(clip['scores'].argmax()))
        for (*_, label), clip in last.items()
    ]
    return np.array(pairs, np.int64).reshape(-1, 2)


def class_scores(
    pairs: np.ndarray, names: Sequence[str] = ()
) -> dict[str, float]:
    """Precision, recall and F1 (0..1) of each class with ground truth.

    Args:
        pairs (ndarray): (N, 2), true and predicted label of each sample.
        names (Sequence[str]): class names; without them the index stands.
    """
    metrics = {}
    truth, prediction = pairs[:, 0], pairs[:, 1]
    for label in np.unique(truth).tolist():
        right = float(np.sum((truth == label) & (prediction == label)))
        num_true = float(np.sum(truth == label))
        num_predicted = float(np.sum(prediction == label))
        name = names[label] if label < len(names) else str(label)
        metrics[f'{name}/precision'] = right / max(1.0, num_predicted)
        metrics[f'{name}/recall'] = right / num_true
        metrics[f'{name}/f1'] = 2 * right / (num_true + num_predicted)
    return metrics
