"""IDF1: boxes explained by one fixed track for each instance.

`Ristani et al., ECCV 2016 <https://arxiv.org/abs/1609.01775>`_. True and
predicted tracks are paired one to one over the whole video so that the number
of boxes on which they agree (IoU at least 0.5) is largest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from mmvmtl.evaluation.mot_sequence import ClassSequence, Sums

THRESHOLD = 0.5


@dataclass(frozen=True)
class IdentityCounts(Sums):
    """Boxes on which paired tracks agree, and those left on both sides."""

    idtp: int
    idfn: int
    idfp: int

    def scores(self) -> dict[str, float]:
        """IDF1, IDR and IDP in percent."""
        num_gt, num_dets = self.idtp + self.idfn, self.idtp + self.idfp
        return {
            'IDF1': 200 * self.idtp / max(1, num_gt + num_dets),
            'IDR': 100 * self.idtp / max(1, num_gt),
            'IDP': 100 * self.idtp / max(1, num_dets),
        }


def count_identity(sequence: ClassSequence) -> IdentityCounts:
    """Pair the tracks of one class of one video and count what agrees."""
    shape = len(sequence.gt_lengths), len(sequence.track_lengths)
    agree = np.zeros(shape, np.int64)
    for gt, tracks, similarity in sequence.frames():
        agree[np.ix_(gt, tracks)] += similarity >= THRESHOLD
    # Misses plus false boxes are all boxes minus twice the agreement, so the
    # best pairing is the one of most agreement.
    idtp = int(agree[linear_sum_assignment(-agree)].sum())
    return IdentityCounts(
        idtp=idtp,
        idfn=sequence.num_gt - idtp,
        idfp=sequence.num_dets - idtp,
    )
