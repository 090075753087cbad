"""Multi-class HOTA, CLEAR and IDF1 from arrays in memory.

The numbers are those of TrackEval (`the official code
<https://github.com/JonathonLuiten/TrackEval>`_), without its folder layout
and without arrays as long as the largest id. Which predictions to forgive is
decided before: see :func:`~mmvmtl.evaluation.mot_sequence.drop_ignored` and
:mod:`~mmvmtl.evaluation.kitti`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np

from mmvmtl.evaluation.clear import CLEARCounts, count_clear
from mmvmtl.evaluation.hota import HOTACounts, count_hota
from mmvmtl.evaluation.identity import IdentityCounts, count_identity
from mmvmtl.evaluation.mot_sequence import (
    ClassSequence,
    Frame,
    Sums,
    split_classes,
)

COUNTS = ('IDSW', 'FP', 'FN', 'TP')


@dataclass(frozen=True)
class MOTCounts(Sums):
    """All counts of one class: add them over sequences, then score."""

    hota: HOTACounts
    clear: CLEARCounts
    identity: IdentityCounts

    @property
    def num_gt(self) -> int:
        """Number of true boxes."""
        return self.clear.tp + self.clear.fn

    def scores(self) -> dict[str, float]:
        """HOTA, DetA, AssA, LocA, MOTA, MOTP, IDF1, IDR, IDP in percent.

        And the counts ``IDSW``, ``FP``, ``FN``, ``TP``.
        """
        return {
            **self.hota.scores(),
            **self.clear.scores(),
            **self.identity.scores(),
        }


@dataclass(frozen=True)
class MOTResult:
    """Scores of a set of videos, percent and counts by name.

    Args:
        per_class (dict[int, dict]): the scores of each class, its boxes of
            all videos taken together.
        class_mean (dict): the headline: each score's mean over the classes
            that have ground truth, each count's sum over all classes. Empty
            if no class has ground truth.
        pooled (dict): every box weighs the same, whatever its class; in
            TrackEval "combined over classes, detection averaged".
    """

    per_class: dict[int, dict[str, float]]
    class_mean: dict[str, float]
    pooled: dict[str, float]


def count_class(sequence: ClassSequence) -> MOTCounts:
    """Count everything of one class of one video."""
    return MOTCounts(
        count_hota(sequence), count_clear(sequence), count_identity(sequence)
    )


def evaluate_mot(
    videos: Iterable[Sequence[Frame]], labels: Iterable[int] | None = None
) -> MOTResult:
    """Score tracks against the ground truth.

    Args:
        videos (iterable): for each video its frames in order. A frame
            without any box is an ordinary frame.
        labels (iterable[int], optional): the classes to score. Default: all
            that occur, in the ground truth or in the predictions.

    Raises:
        ValueError: if an id appears twice in a class of a frame.
    """
    videos = list(videos)
    labels = _labels(videos) if labels is None else list(labels)
    nothing = count_class(split_classes([], [0])[0])
    total = dict.fromkeys(labels, nothing)
    for frames in videos:
        for label, sequence in split_classes(frames, labels).items():
            total[label] = total[label] + count_class(sequence)
    per_class = {label: counts.scores() for label, counts in total.items()}
    present = [per_class[k] for k, counts in total.items() if counts.num_gt]
    pooled = reduce(add, total.values(), nothing).scores()
    return MOTResult(per_class, _mean(present, per_class.values()), pooled)


def _labels(videos: Sequence[Sequence[Frame]]) -> list[int]:
    """All classes that occur, sorted."""
    found: set[int] = set()
    for frame in (frame for frames in videos for frame in frames):
        found.update(frame.gt_labels.tolist(), frame.labels.tolist())
    return sorted(found)


def _mean(
    present: Sequence[dict[str, float]], everything: Iterable[dict[str, float]]
) -> dict[str, float]:
    """Average scores over the classes present, sum counts over all."""
    if not present:
        return {}
    mean = {
        name: float(np.mean([scores[name] for scores in present]))
        for name in present[0]
    }
    rows = list(everything)
    return mean | {name: sum(row[name] for row in rows) for name in COUNTS}
