"""Ground truth and tracker output of one video, as the MOT metrics read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
from scipy.optimize import linear_sum_assignment

from mmvmtl import boxes as box_ops

EPS = np.finfo('float').eps
S = TypeVar('S', bound='Sums')


@dataclass(frozen=True)
class Frame:
    """The boxes of one frame; rows of the arrays of a side belong together.

    Ids may be any int64, large or negative; they only have to be unique
    among the boxes of one class in one frame, on each side.

    Args:
        gt_ids (ndarray): (N,) ids of the true instances.
        gt_labels (ndarray): (N,) their classes.
        gt_boxes (ndarray): (N, 4) xyxy pixels.
        ids (ndarray): (M,) ids given by the tracker.
        labels (ndarray): (M,) predicted classes.
        boxes (ndarray): (M, 4) xyxy pixels.
    """

    gt_ids: np.ndarray
    gt_labels: np.ndarray
    gt_boxes: np.ndarray
    ids: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray

    def select(self, keep_gt: np.ndarray, keep: np.ndarray) -> Frame:
        """Take the rows of two boolean masks, (N,) and (M,)."""
        return Frame(
            self.gt_ids[keep_gt],
            self.gt_labels[keep_gt],
            self.gt_boxes[keep_gt],
            self.ids[keep],
            self.labels[keep],
            self.boxes[keep],
        )


@dataclass(frozen=True)
class Sums:
    """A dataclass of additive counts: what is summed over sequences."""

    def __add__(self: S, other: S) -> S:
        """Add field by field."""
        return type(self)(
            *(
                getattr(self, field.name) + getattr(other, field.name)
                for field in fields(self)
            )
        )


@dataclass(frozen=True)
class ClassSequence:
    """One class of one video, with ids replaced by indices from 0.

    Args:
        gt (list[ndarray]): per frame, (N,) indices of true tracks.
        tracks (list[ndarray]): per frame, (M,) indices of predicted tracks.
        similarity (list[ndarray]): per frame, (N, M) IoU.
        gt_lengths (ndarray): (G,) number of boxes of each true track.
        track_lengths (ndarray): (T,) the same of each predicted track.
    """

    gt: list[np.ndarray]
    tracks: list[np.ndarray]
    similarity: list[np.ndarray]
    gt_lengths: np.ndarray
    track_lengths: np.ndarray

    @property
    def num_gt(self) -> int:
        """Number of true boxes."""
        return int(self.gt_lengths.sum())

    @property
    def num_dets(self) -> int:
        """Number of predicted boxes."""
        return int(self.track_lengths.sum())

    def frames(self) -> Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Iterate over (gt, tracks, similarity) of each frame."""
        return zip(self.gt, self.tracks, self.similarity, strict=True)


def _to_indices(
    ids: Sequence[np.ndarray], side: str
) -> tuple[list[np.ndarray], np.ndarray]:
    """Replace the ids of a video by indices from 0, and count their boxes.

    Memory depends on how many ids there are, never on how large they are.
    """
    for index, frame_ids in enumerate(ids):
        values, counts = np.unique(frame_ids, return_counts=True)
        if (counts > 1).any():
            raise ValueError(
                f'Frame {index}: {side} id {values[counts > 1][0]} appears '
                'more than once in one class; give each box of a frame its '
                'own id.'
            )
    flat = np.concatenate([np.empty(0, np.int64), *ids])
    values, inverse = np.unique(flat, return_inverse=True)
    ends = np.cumsum([len(frame_ids) for frame_ids in ids], dtype=np.int64)
    lengths = np.bincount(inverse, minlength=len(values))
    return np.split(inverse, ends)[:-1], lengths


def split_classes(
    frames: Sequence[Frame], labels: Iterable[int]
) -> dict[int, ClassSequence]:
    """Split a video into classes; the IoU of a frame is computed once.

    A track that changes its class counts as one track in each class.

    Raises:
        ValueError: if an id appears twice in a class of a frame.
    """
    overlaps = [
        box_ops.iou(
            frame.gt_boxes.astype(np.float64), frame.boxes.astype(np.float64)
        )
        for frame in frames
    ]
    result = {}
    for label in labels:
        gt_masks = [frame.gt_labels == label for frame in frames]
        masks = [frame.labels == label for frame in frames]
        gt, gt_lengths = _to_indices(
            [f.gt_ids[m] for f, m in zip(frames, gt_masks, strict=True)],
            'ground-truth',
        )
        tracks, track_lengths = _to_indices(
            [f.ids[m] for f, m in zip(frames, masks, strict=True)], 'tracker'
        )
        similarity = [
            overlap[np.ix_(rows, columns)]
            for overlap, rows, columns in zip(
                overlaps, gt_masks, masks, strict=True
            )
        ]
        result[label] = ClassSequence(
            gt, tracks, similarity, gt_lengths, track_lengths
        )
    return result


def match(
    similarity: np.ndarray, threshold: float = 0.5
) -> tuple[np.ndarray, np.ndarray]:
    """Match boxes one to one with the largest sum of similarities.

    Args:
        similarity (ndarray): (N, M).
        threshold (float): pairs below it stay unmatched.

    Returns:
        tuple[ndarray, ndarray]: (K,) rows and columns of the matches.
    """
    score = np.where(similarity < threshold - EPS, 0, similarity)
    rows, columns = linear_sum_assignment(-score)
    matched = score[rows, columns] > EPS
    return rows[matched], columns[matched]


def drop_ignored(
    frame: Frame,
    ignored_boxes: np.ndarray,
    ignored_labels: np.ndarray,
    coverage: float = 0.5,
) -> Frame:
    """Forgive predictions on regions that are not annotated.

    A prediction that matches no true box of its class (IoU 0.5), and more
    than ``coverage`` of whose area lies in one ignored box of its class, is
    neither right nor wrong: it is dropped.

    Args:
        frame (Frame): a frame before scoring.
        ignored_boxes (ndarray): (K, 4) xyxy pixels.
        ignored_labels (ndarray): (K,) classes; -1 forgives every class.
        coverage (float): share of the prediction's area, 0..1.
    """
    if len(ignored_boxes) == 0 or len(frame.boxes) == 0:
        return frame
    overlap = box_ops.iou(frame.gt_boxes, frame.boxes)
    overlap[frame.gt_labels[:, None] != frame.labels[None]] = 0
    unmatched = np.ones(len(frame.boxes), bool)
    unmatched[match(overlap)[1]] = False
    same = (ignored_labels == -1) | (frame.labels[:, None] == ignored_labels)
    covered = same & (covered_share(frame.boxes, ignored_boxes) > coverage)
    keep = ~(unmatched & covered.any(axis=1))
    return frame.select(np.ones(len(frame.gt_boxes), bool), keep)


def covered_share(boxes: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Share (N, K) of the area of ``boxes`` inside each of ``regions``."""
    inside = box_ops.intersection(boxes, regions)
    area = box_ops.area(boxes)[:, None]
    return np.divide(inside, area, out=np.zeros_like(inside), where=area > 0)
