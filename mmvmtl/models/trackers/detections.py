"""A frame's detections, checked once and in one form."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mmvmtl.errors import UserError
from mmvmtl.models.trackers.kalman import to_cxcywh


@dataclass
class Detections:
    """The detections of a frame.

    Attributes:
        boxes: (N, 4) float64, xyxy pixels.
        scores: (N,) float64; -inf for one that is no box (a side not
            positive, or a number not finite), so that no round takes it.
        labels: (N,) int64.
        embeddings: (N, E) float64 of unit length (zeros where unknown), or
            None.
        velocities: (N, 2) float64 pixels per frame, NaN unknown, or None.
    """

    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    embeddings: np.ndarray | None
    velocities: np.ndarray | None

    @cached_property
    def cxcywh(self) -> np.ndarray:
        """The boxes as the Kalman filter measures them, (N, 4)."""
        return to_cxcywh(self.boxes)


def read_detections(
    bboxes: np.ndarray,
    scores: np.ndarray,
    labels: np.ndarray,
    embeddings: np.ndarray | None,
    velocities: np.ndarray | None,
) -> Detections:
    """Check shapes, mark what is no box, bring embeddings to unit length.

    Raises:
        ValueError: Arrays of a frame disagree in length or shape.
    """
    boxes = np.asarray(bboxes, dtype=np.float64)
    n = len(boxes)
    if boxes.shape != (n, 4):
        if n:
            raise UserError(f'bboxes must be (N, 4), not {boxes.shape}.')
        boxes = boxes.reshape(0, 4)
    scores = np.array(scores, dtype=np.float64)
    labels = np.asarray(labels, dtype=np.int64)
    _check_length('scores', scores, (n,))
    _check_length('labels', labels, (n,))
    sound = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    sound &= np.isfinite(boxes).all(axis=1) & np.isfinite(scores)
    scores[~sound] = -np.inf
    if embeddings is not None:
        embeddings = np.ascontiguousarray(embeddings, dtype=np.float64)
        _check_length('embeddings', embeddings, (n, embeddings.shape[-1]))
        embeddings = unit(embeddings)
    if velocities is not None:
        velocities = np.asarray(velocities, dtype=np.float64)
        _check_length('velocities', velocities, (n, 2))
    return Detections(boxes, scores, labels, embeddings, velocities)


def unit(embeddings: np.ndarray) -> np.ndarray:
    """Rows of ``embeddings`` (N, E) at length 1; 0 if zero or not finite."""
    length = np.sqrt(np.einsum('ne,ne->n', embeddings, embeddings))[:, None]
    known = np.isfinite(length) & (length > 0)
    return np.divide(
        embeddings, length, out=np.zeros_like(embeddings), where=known
    )


def _check_length(name: str, array: np.ndarray, shape: tuple) -> None:
    if array.shape != shape:
        raise UserError(
            f"{name} must have the shape {shape} of this frame's bboxes, "
            f'not {array.shape}.'
        )
