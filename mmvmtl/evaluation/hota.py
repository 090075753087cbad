r"""HOTA: detection and association weighed evenly.

`Luiten et al., IJCV 2020 <https://arxiv.org/abs/2009.07736>`_. For each of 19
localisation thresholds alpha, boxes are matched so that long correct
associations are favoured, and

.. math:: HOTA_\alpha = \sqrt{DetA_\alpha \cdot AssA_\alpha}

The reported numbers are means over alpha.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from mmvmtl.evaluation.mot_sequence import EPS, ClassSequence, Sums

ALPHAS = np.arange(0.05, 0.99, 0.05)


@dataclass(frozen=True)
class HOTACounts(Sums):
    """Sums over boxes, one entry per alpha, each of shape (19,).

    Args:
        tp (ndarray): matched pairs.
        fn (ndarray): true boxes without a match.
        fp (ndarray): predicted boxes without a match.
        association (ndarray): sum over matched pairs of the Jaccard index
            of their two tracks.
        location (ndarray): sum over matched pairs of their IoU.
    """

    tp: np.ndarray
    fn: np.ndarray
    fp: np.ndarray
    association: np.ndarray
    location: np.ndarray

    def scores(self) -> dict[str, float]:
        """HOTA, DetA, AssA and LocA in percent; no boxes at all give 0."""
        deta = self.tp / np.maximum(1, self.tp + self.fn + self.fp)
        assa = self.association / np.maximum(1, self.tp)
        loca = np.maximum(1e-10, self.location) / np.maximum(1e-10, self.tp)
        hota = np.sqrt(deta * assa)
        values = {'HOTA': hota, 'DetA': deta, 'AssA': assa, 'LocA': loca}
        return {k: 100 * float(v.mean()) for k, v in values.items()}


def count_hota(sequence: ClassSequence) -> HOTACounts:
    """Count the matches of one class of one video at every alpha."""
    alignment = track_alignment(sequence)
    num_tracks = len(sequence.track_lengths)
    pairs, overlaps = [np.empty(0, np.int64)], [np.empty(0)]
    for gt, tracks, similarity in sequence.frames():
        score = alignment[np.ix_(gt, tracks)] * similarity
        rows, columns = linear_sum_assignment(-score)
        pairs.append(gt[rows] * num_tracks + tracks[columns])
        overlaps.append(similarity[rows, columns])
    pair_of_match = np.concatenate(pairs)
    overlap = np.concatenate(overlaps)

    hits = overlap >= ALPHAS[:, None] - EPS
    tp = hits.sum(axis=1)
    return HOTACounts(
        tp=tp,
        fn=sequence.num_gt - tp,
        fp=sequence.num_dets - tp,
        association=_association(sequence, pair_of_match, hits),
        location=hits @ overlap,
    )


def track_alignment(sequence: ClassSequence) -> np.ndarray:
    """How well each true track and each predicted one agree, (G, T).

    A soft Jaccard index of the two tracks before any matching.
    """
    shape = len(sequence.gt_lengths), len(sequence.track_lengths)
    common = np.zeros(shape)
    for gt, tracks, similarity in sequence.frames():
        total = (
            similarity.sum(0)[None] + similarity.sum(1)[:, None] - similarity
        )
        share = np.zeros_like(similarity)
        np.divide(similarity, total, out=share, where=total > EPS)
        common[np.ix_(gt, tracks)] += share
    lengths = sequence.gt_lengths[:, None] + sequence.track_lengths[None]
    return common / (lengths - common)


def _association(
    sequence: ClassSequence, pair_of_match: np.ndarray, hits: np.ndarray
) -> np.ndarray:
    """Sum the Jaccard index of the tracks of every matched pair.

    Args:
        sequence (ClassSequence): where the tracks' lengths are.
        pair_of_match (ndarray): (K,) true track * T + predicted track.
        hits (ndarray): (19, K) whether the match stands at each alpha.

    Returns:
        ndarray: (19,).
    """
    pairs, inverse = np.unique(pair_of_match, return_inverse=True)
    gt, tracks = np.divmod(pairs, max(1, len(sequence.track_lengths)))
    lengths = sequence.gt_lengths[gt] + sequence.track_lengths[tracks]
    counts = np.stack(
        [np.bincount(inverse[hit], minlength=len(pairs)) for hit in hits]
    )
    jaccard = counts / np.maximum(1, lengths - counts)
    return (counts * jaccard).sum(axis=1)
