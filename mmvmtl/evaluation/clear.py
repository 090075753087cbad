"""CLEAR MOT: misses, false boxes and identity switches.

`Bernardin and Stiefelhagen, 2008 <https://doi.org/10.1155/2008/246309>`_,
with the matching of the official code: a pair of the frame before is kept as
long as its IoU is at least 0.5, then the sum of IoU is maximised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from mmvmtl.evaluation.mot_sequence import EPS, ClassSequence, Sums

THRESHOLD = 0.5
# Larger than any sum of IoU of one frame may gain: keeps yesterday's pairs.
_KEEP = 1000


@dataclass(frozen=True)
class CLEARCounts(Sums):
    """Sums over frames.

    Args:
        tp (int): matched pairs.
        fn (int): true boxes without a match.
        fp (int): predicted boxes without a match.
        idsw (int): matches to another track than the instance's last one.
        overlap (float): sum of the IoU of matched pairs.
    """

    tp: int
    fn: int
    fp: int
    idsw: int
    overlap: float

    def scores(self) -> dict[str, float]:
        """MOTA and MOTP in percent, and the counts IDSW, FP, FN, TP."""
        num_gt = max(1, self.tp + self.fn)
        return {
            'MOTA': 100 * (self.tp - self.fp - self.idsw) / num_gt,
            'MOTP': 100 * self.overlap / max(1, self.tp),
            'IDSW': self.idsw,
            'FP': self.fp,
            'FN': self.fn,
            'TP': self.tp,
        }


def count_clear(sequence: ClassSequence) -> CLEARCounts:
    """Count matches and switches of one class of one video."""
    # Switches compare with the last match ever, matching only with the one
    # of the last frame in which both sides had boxes. -1: none.
    last_ever = np.full(len(sequence.gt_lengths), -1)
    last_frame = last_ever.copy()
    tp = idsw = 0
    overlap = 0.0
    for gt, tracks, similarity in sequence.frames():
        if len(gt) == 0 or len(tracks) == 0:
            continue
        score = _KEEP * (tracks[None] == last_frame[gt][:, None]) + similarity
        score[similarity < THRESHOLD - EPS] = 0
        rows, columns = linear_sum_assignment(-score)
        matched = score[rows, columns] > EPS
        rows, columns = rows[matched], columns[matched]
        gt, tracks = gt[rows], tracks[columns]

        idsw += int(np.sum((last_ever[gt] >= 0) & (last_ever[gt] != tracks)))
        last_ever[gt] = tracks
        last_frame[:] = -1
        last_frame[gt] = tracks
        tp += len(gt)
        overlap += float(similarity[rows, columns].sum())
    return CLEARCounts(
        tp=tp,
        fn=sequence.num_gt - tp,
        fp=sequence.num_dets - tp,
        idsw=idsw,
        overlap=overlap,
    )
