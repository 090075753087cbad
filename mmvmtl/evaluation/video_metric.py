"""What the metrics of mmvmtl share: reading clips, collecting, warning."""

from __future__ import annotations

import difflib
import logging
import sys
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from mmdet.structures import DetDataSample
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from mmengine.structures import InstanceData
from torch import Tensor

from mmvmtl.errors import UserError

Record = dict[str, Any]


class VideoMetric(BaseMetric):
    """Base of metrics over videos that arrive in chunks of any size.

    A subclass reads records from a clip's data sample, one a frame or clip,
    each with a ``'key'`` that tells where it comes from and, under
    ``'truth'``, the arrays of its labels. Records of all ranks are joined; of
    equal keys one stays (a sampler may have padded the data), unless their
    labels differ; they are sorted by key. So neither batch size, chunking,
    order nor the number of processes changes the result.

    Clips whose ``labelled`` does not name the metric's task are skipped; a
    clip without ``labelled`` is taken as labelled for every task. With
    nothing to score a metric returns no number: no 0 and no NaN, but a
    warning.

    Args:
        dataset (str, optional): Score the clips of this part of a
            ``mmvmtl.JoinedDataset`` only, and put its name before the prefix:
            ``zebrafish/det/mAP``.
        prefix (str, optional): of the metric's names, else its own.
        **kwargs: of ``BaseMetric``.
    """

    task: str

    def __init__(
        self,
        dataset: str | None = None,
        prefix: str | None = None,
        **kwargs,
    ) -> None:
        prefix = prefix or self.default_prefix
        if dataset is not None:
            prefix = f'{dataset}/{prefix}'
        super().__init__(prefix=prefix, **kwargs)
        self.dataset = dataset

    @abstractmethod
    def read(self, sample: dict) -> Iterable[Record]:
        """Read the records of one clip; each holds NumPy arrays only."""

    @abstractmethod
    def compute(self, records: list[Record]) -> dict[str, float]:
        """Score all records, sorted by key; empty if it is impossible."""

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Read the clips of a batch."""
        for sample in self.of_dataset(data_samples):
            if is_labelled(sample, self.task):
                self.results.extend(self.read(sample))

    def of_dataset(self, data_samples: Sequence[dict]) -> list[dict]:
        """The clips that belong to this metric's data set.

        Raises:
            UserError: If the evaluated data have no such data set.
        """
        if self.dataset is None:
            return list(data_samples)
        names = (self.dataset_meta or {}).get('datasets', ())
        if self.dataset not in names:
            near = difflib.get_close_matches(self.dataset, names, 1, 0)
            hint = (
                f"did you mean '{near[0]}'?"
                if near
                else ('the evaluated data are no mmvmtl.JoinedDataset.')
            )
            raise UserError(
                f"{type(self).__name__} is to score data set '{self.dataset}',"
                f' which is not evaluated; {hint}'
            )
        return [s for s in data_samples if s.get('dataset') == self.dataset]

    def evaluate(self, size: int) -> dict:
        """Join the ranks' records and score them.

        ``size`` counts clips, records are not clips, and ranks hold whole
        videos, so unlike number of records: none may be cut off.
        """
        return super().evaluate(sys.maxsize)

    def compute_metrics(self, results: list[Record]) -> dict[str, float]:
        """Remove what came twice, sort, score.

        Raises:
            UserError: If two videos can not be told apart.
        """
        unique: dict[tuple, Record] = {}
        for record in results:
            _check_same_truth(unique.get(record['key'], record), record)
            unique[record['key']] = record
        metrics = self.compute([unique[key] for key in sorted(unique)])
        if not metrics:
            print_log(
                f'{type(self).__name__} reports nothing: no evaluated clip '
                f"has both labels and predictions of task '{self.task}'.",
                logger='current',
                level=logging.WARNING,
            )
        return metrics

    def class_names(self) -> tuple[str, ...]:
        """Names of the object classes, from the data set.

        Raises:
            ValueError: if the data set does not tell them.
        """
        classes = (self.dataset_meta or {}).get('classes')
        if not classes:
            raise ValueError(
                f"{type(self).__name__} needs the data set's metainfo "
                "'classes'; give the data set metainfo=dict(classes=(...))."
            )
        return tuple(classes)


def is_labelled(sample: dict, task: str) -> bool:
    """Whether the labels of ``task`` exist in this clip."""
    labelled = sample.get('labelled')
    return labelled is None or task in labelled


VideoKey = tuple[str, str, str, str]


def video_key(sample: dict) -> VideoKey:
    """Which video a clip is of: its id, name, data set and domain.

    The last three, '' where unknown, tell videos of several data sets apart
    that share an id.
    """
    video_id = sample.get('video_id')
    if video_id is None:
        video_id = sample['video_data_samples'][0].video_id
    name, dataset, domain = (
        str(sample.get(key) or '')
        for key in ('video_name', 'dataset', 'domain')
    )
    return f'{video_id:>12}', name, dataset, domain


def frame_key(sample: dict, frame: DetDataSample) -> tuple[VideoKey, int]:
    """Which frame of which video."""
    return video_key(sample), int(frame.frame_id)


def _check_same_truth(first: Record, again: Record) -> None:
    pairs = zip(first['truth'], again['truth'], strict=True)
    if not all(np.array_equal(*pair) for pair in pairs):
        video_id, name, *_ = first['key'][0]
        raise UserError(
            f"two of the evaluated videos have the number '{video_id.strip()}'"
            f" and the name '{name}', but different labels; join their data "
            'sets with mmvmtl.JoinedDataset, or rename one.'
        )


def to_numpy(value: Any) -> np.ndarray:
    """Bring a tensor, box structure or array to NumPy on the host."""
    value = getattr(value, 'tensor', value)
    if not isinstance(value, Tensor):
        return np.asarray(value)
    value = value.detach().cpu()
    # NumPy has no bfloat16.
    return (value.float() if value.is_floating_point() else value).numpy()


def read_fields(
    instances: InstanceData, **names: str
) -> dict[str, np.ndarray]:
    """Read fields of instances as arrays: ``new_name='field'``."""
    return {new: to_numpy(instances[old]) for new, old in names.items()}


def of_labelled_classes(
    frame: DetDataSample, instances: InstanceData
) -> InstanceData:
    """Those predictions whose class the frame's data set looks for.

    Of the others nobody knows whether they are right. A frame without
    ``labelled_classes`` is taken as labelled for every class.
    """
    labelled = frame.get('labelled_classes')
    if labelled is None:
        return instances
    return instances[np.isin(to_numpy(instances.labels), labelled)]


def read_ignored(frame: DetDataSample) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (K, 4) and labels (K,) of a frame's ignored instances."""
    ignored = frame.get('ignored_instances')
    if ignored is None or len(ignored) == 0:
        return np.empty((0, 4), np.float32), np.empty(0, np.int64)
    return to_numpy(ignored.bboxes), to_numpy(ignored.labels)
