"""Re-identification in the validation loop, at the true boxes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from mmvmtl.evaluation.reid_metrics import ReIDBoxes, reid_scores
from mmvmtl.evaluation.video_metric import (
    Record,
    VideoMetric,
    frame_key,
    read_fields,
    to_numpy,
)
from mmvmtl.registry import METRICS


@METRICS.register_module()
class ReIDMetric(VideoMetric):
    """``reid/rank1`` and ``reid/mAP``, 0..1, of the head's embeddings.

    The embeddings are those read at the true boxes (``gt_readout``), so the
    detector's faults do not enter. Protocol: see
    :func:`~mmvmtl.evaluation.reid_metrics.reid_scores`.

    Args:
        gap (int): frames between a query and its gallery.
        distance (str): ``'cosine'`` or ``'euclidean'``.
        **kwargs: of ``BaseMetric``.
    """

    default_prefix = 'reid'
    task = 'track'

    def __init__(
        self, gap: int = 12, distance: str = 'cosine', **kwargs
    ) -> None:
        super().__init__(**kwargs)
        self.gap = gap
        self.distance = distance

    def read(self, sample: dict) -> Iterable[Record]:
        """Read the embedding of each true box."""
        for frame in sample['video_data_samples']:
            readout = frame.get('gt_readout')
            if readout is None or 'embeddings' not in readout:
                continue
            truth = read_fields(
                frame.gt_instances, ids='instances_ids', labels='labels'
            )
            features = to_numpy(readout.embeddings)
            if len(features) != len(truth['ids']):
                raise ValueError(
                    f'gt_readout has {len(features)} embeddings for '
                    f'{len(truth["ids"])} true boxes in frame '
                    f'{frame.frame_id}; give one row for each.'
                )
            visibilities = np.full(len(features), np.nan)
            if 'visibilities' in frame.gt_instances:
                visibilities = to_numpy(frame.gt_instances.visibilities)
            yield {
                'key': frame_key(sample, frame),
                'truth': tuple(truth.values()),
                **truth,
                'visibilities': visibilities,
                'features': features,
            }

    def compute(self, records: list[Record]) -> dict[str, float]:
        """Search each instance in later frames."""
        records = [record for record in records if len(record['ids'])]
        if not records:
            return {}
        videos = {record['key'][0]: 0 for record in records}
        number = {key: index for index, key in enumerate(videos)}

        def column(value: int, record: Record) -> np.ndarray:
            return np.full(len(record['ids']), value)

        boxes = ReIDBoxes(
            np.concatenate([column(number[r['key'][0]], r) for r in records]),
            np.concatenate([column(r['key'][1], r) for r in records]),
            np.concatenate([r['ids'] for r in records]),
            np.concatenate([r['labels'] for r in records]),
            np.concatenate([r['visibilities'] for r in records]),
        )
        features = np.concatenate([r['features'] for r in records])
        scores = reid_scores(features, boxes, self.gap, self.distance)
        return {k: scores[k] for k in ('rank1', 'mAP') if k in scores}
