"""KITTI tracking files, and which of their boxes count.

The rules of the `KITTI benchmark
<https://www.cvlibs.net/datasets/kitti/eval_tracking.php>`_, in the form of
the official code: distractors, occluded (> 2) or truncated (> 0) boxes and
``DontCare`` regions neither count nor punish.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from mmvmtl import boxes as box_ops
from mmvmtl.evaluation.mot_sequence import EPS, Frame, covered_share, match

MAX_OCCLUSION, MAX_TRUNCATION = 2, 0
MIN_HEIGHT = 25


@dataclass(frozen=True)
class KittiRows:
    """The columns of one KITTI tracking text file that evaluation needs.

    Args:
        frames (ndarray): (N,) frame numbers from 0.
        ids (ndarray): (N,) track ids, -1 for ``DontCare``.
        types (ndarray): (N,) class names in lower case.
        truncations (ndarray): (N,) 0, 1 or 2.
        occlusions (ndarray): (N,) 0 to 3.
        boxes (ndarray): (N, 4) xyxy pixels.
    """

    frames: np.ndarray
    ids: np.ndarray
    types: np.ndarray
    truncations: np.ndarray
    occlusions: np.ndarray
    boxes: np.ndarray

    def select(self, rows: np.ndarray | slice) -> KittiRows:
        """Take the rows of a mask, indices or a slice."""
        return KittiRows(*(value[rows] for value in vars(self).values()))


def read_kitti(path: str | Path) -> KittiRows:
    """Read a label or result file of KITTI tracking; an empty one is fine.

    Raises:
        ValueError: if a line has fewer than 10 columns.
    """
    table = [line.split() for line in Path(path).read_text().splitlines()]
    table = [row for row in table if row]
    for number, row in enumerate(table, start=1):
        if len(row) < 10:
            raise ValueError(
                f'{path}: row {number} has {len(row)} columns, KITTI '
                'tracking files have at least 10.'
            )

    def whole(column: int) -> np.ndarray:
        return np.array([int(float(row[column])) for row in table], np.int64)

    boxes = np.array([row[6:10] for row in table], np.float64).reshape(-1, 4)
    types = np.array([row[2].lower() for row in table], dtype=str)
    return KittiRows(whole(0), whole(1), types, whole(3), whole(4), boxes)


def kitti_video(
    truth: KittiRows,
    result: KittiRows,
    num_frames: int,
    target: str = 'Car',
    distractors: Sequence[str] = ('Van',),
) -> list[Frame]:
    """Apply KITTI's rules for one class; what is left has label 0.

    Args:
        truth (KittiRows): the label file.
        result (KittiRows): the tracker's file.
        num_frames (int): length of the video.
        target (str): the class to score.
        distractors (Sequence[str]): classes that look like it: a prediction
            on one is neither right nor wrong.
    """
    target, others = target.lower(), [name.lower() for name in distractors]
    ignore = truth.select(truth.types == 'dontcare')
    wanted = np.isin(truth.types, [target, *others]) & (truth.ids >= 0)
    truth = truth.select(wanted)
    result = result.select((result.types == target) & (result.ids >= 0))
    return [
        _frame(rows, found, regions.boxes, target)
        for rows, found, regions in zip(
            _by_frame(truth, num_frames),
            _by_frame(result, num_frames),
            _by_frame(ignore, num_frames),
            strict=True,
        )
    ]


def _by_frame(rows: KittiRows, num_frames: int) -> list[KittiRows]:
    """Split rows into frames, keeping the file's order within each."""
    rows = rows.select(np.argsort(rows.frames, kind='stable'))
    starts = np.searchsorted(rows.frames, np.arange(num_frames + 1))
    return [rows.select(slice(start, end)) for start, end in pairwise(starts)]


def _frame(
    truth: KittiRows, result: KittiRows, regions: np.ndarray, target: str
) -> Frame:
    """Drop from one frame what the rules exclude."""
    counts = (
        (truth.types == target)
        & (truth.occlusions <= MAX_OCCLUSION)
        & (truth.truncations <= MAX_TRUNCATION)
    )
    rows, columns = match(box_ops.iou(truth.boxes, result.boxes))
    height = result.boxes[:, 3] - result.boxes[:, 1]
    hidden = covered_share(result.boxes, regions) > 0.5 + EPS
    # First the fate of an unmatched box, then that of the matched ones.
    keep = (height > MIN_HEIGHT + EPS) & ~hidden.any(axis=1)
    keep[columns] = counts[rows]
    frame = Frame(
        truth.ids,
        np.zeros(len(truth.ids), np.int64),
        truth.boxes,
        result.ids,
        np.zeros(len(result.ids), np.int64),
        result.boxes,
    )
    return frame.select(counts, keep)
