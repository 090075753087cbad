"""Re-identification of instances by any feature vector, on arrays.

The protocol: a query is an instance's first clear box, and it must find that
instance again at least ``gap`` frames later, among all instances of its class
in all evaluated videos. Learned embeddings and plain colours are scored by
the same function, so that the first can be held against the second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CLEAR_VISIBILITY = 0.7


@dataclass(frozen=True)
class ReIDBoxes:
    """What is known of N boxes, apart from their features.

    Args:
        videos (ndarray): (N,) int, which video.
        frames (ndarray): (N,) int, frame number from 0 in its video.
        ids (ndarray): (N,) int, the instance, unique in its video.
        labels (ndarray): (N,) int, the class.
        visibilities (ndarray): (N,) 0..1; NaN if unknown counts as clear.
    """

    videos: np.ndarray
    frames: np.ndarray
    ids: np.ndarray
    labels: np.ndarray
    visibilities: np.ndarray


def first_clear_boxes(boxes: ReIDBoxes) -> np.ndarray:
    """Rows (Q,) of each instance's first box with visibility >= 0.7."""
    clear = ~(boxes.visibilities < CLEAR_VISIBILITY)
    rows = np.flatnonzero(clear)
    rows = rows[np.argsort(boxes.frames[rows], kind='stable')]
    instance = np.stack([boxes.videos[rows], boxes.ids[rows]], axis=1)
    first = np.unique(instance, axis=0, return_index=True)[1]
    return np.sort(rows[first])


def reid_scores(
    features: np.ndarray,
    boxes: ReIDBoxes,
    gap: int = 12,
    distance: str = 'cosine',
) -> dict[str, float]:
    """Search every instance among later boxes of its class.

    The gallery of a query at frame f holds the boxes of its class with frame
    number >= f + ``gap``, clear or not, of every video; the same frame rule
    holds for other videos, so that a gallery does not depend on which videos
    come first. A query whose instance is not in its gallery is left out.
    Boxes at the same distance share their rank: a feature that is constant
    gets the score of guessing, not that of the order of the boxes.

    Args:
        features (ndarray): (N, E), one row for each box, finite.
        boxes (ReIDBoxes): what the N boxes are.
        gap (int): frames between query and gallery.
        distance (str): ``'cosine'`` or ``'euclidean'``.

    Returns:
        dict[str, float]: ``rank1``, the share of queries whose nearest
        gallery box is the same instance, and ``mAP``, the mean average
        precision of the ranking, both 0..1; ``queries``, their number. With
        no query only ``queries`` (0).

    Raises:
        ValueError: for another distance, features that are not finite or
            not one for each box.
    """
    features = _prepare(features, len(boxes.ids), distance)
    ranks, precisions = [], []
    for query in first_clear_boxes(boxes):
        gallery = np.flatnonzero(
            (boxes.labels == boxes.labels[query])
            & (boxes.frames >= boxes.frames[query] + gap)
        )
        same = (boxes.videos[gallery] == boxes.videos[query]) & (
            boxes.ids[gallery] == boxes.ids[query]
        )
        if not same.any():
            continue
        offset = features[gallery] - features[query]
        # Rounded, so that equal features tie in spite of float arithmetic.
        far = np.round(np.linalg.norm(offset, axis=1), 9)
        ranks.append(same[far == far.min()].mean())
        precisions.append(average_precision(far, same))
    if not ranks:
        return {'queries': 0}
    return {
        'rank1': float(np.mean(ranks)),
        'mAP': float(np.mean(precisions)),
        'queries': len(ranks),
    }


def average_precision(distances: np.ndarray, same: np.ndarray) -> float:
    """Average precision 0..1 of a ranking, ties counted as one step.

    Args:
        distances (ndarray): (K,) the smaller the better.
        same (ndarray): (K,) bool, which are right; at least one.
    """
    values, step = np.unique(distances, return_inverse=True)
    total = np.bincount(step, minlength=len(values))
    right = np.bincount(step, weights=same, minlength=len(values))
    precision = right.cumsum() / total.cumsum()
    return float((precision * right).sum() / right.sum())


def _prepare(features: np.ndarray, num: int, distance: str) -> np.ndarray:
    """Check the features; scale them so that Euclidean distance ranks."""
    features = np.asarray(features, np.float64)
    if features.ndim != 2 or len(features) != num:
        raise ValueError(
            f'features have shape {features.shape}; give ({num}, E), one row '
            'for each box.'
        )
    if not np.isfinite(features).all():
        raise ValueError('features must be finite; some are NaN or infinite.')
    if distance == 'euclidean':
        return features
    if distance == 'cosine':
        # On the unit sphere both distances give the same order.
        norm = np.linalg.norm(features, axis=1, keepdims=True)
        return features / np.where(norm > 0, norm, 1)
    raise ValueError(
        f"distance '{distance}' is not known; use 'cosine' or 'euclidean'."
    )
