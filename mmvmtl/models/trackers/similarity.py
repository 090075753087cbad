"""How much each track and each detection of a frame look like one."""

from __future__ import annotations

import numpy as np

from mmvmtl.models.trackers.association import (
    all_pairs,
    near_pairs,
    pair_iou,
)
from mmvmtl.models.trackers.detections import Detections
from mmvmtl.models.trackers.options import TrackerOptions

Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]


class Similarity:
    """Similarities of pairs in one frame.

    Args:
        options: Of the tracker.
        detections: Of the frame, M.
        labels: (N,) of the tracks.
        expected: (N, 4) where the tracks are expected now, xyxy.
        previous: (N, 4) where they were seen last, xyxy.
        gaps: (N,) frames since then.
        step: Frames since the stream's previous frame.
        embeddings: (N, E) of the tracks, or None.
    """

    def __init__(
        self,
        options: TrackerOptions,
        detections: Detections,
        labels: np.ndarray,
        expected: np.ndarray,
        previous: np.ndarray,
        gaps: np.ndarray,
        step: int,
        embeddings: np.ndarray | None,
    ) -> None:
        self.options = options
        self.detections = detections
        self.labels = labels
        self.expected = expected
        self.previous = previous
        self.gaps = gaps
        self.step = step
        self.embeddings = embeddings
        self.displaced = None
        velocity = options.velocity
        if velocity is not None and velocity.displace:
            self.displaced = self._displace(detections, step)

    @staticmethod
    def _displace(detections: Detections, step: int) -> np.ndarray | None:
        """Boxes (M, 4) one frame of the stream ago; NaN where unknown."""
        velocities = detections.velocities
        if velocities is None or np.isnan(velocities).all():
            return None
        return detections.boxes - step * np.tile(velocities, 2)

    def in_place(
        self, tracks: np.ndarray, dets: np.ndarray, first: bool
    ) -> Pairs:
        """Pairs that touch, of ``tracks`` (T,) and ``dets`` (D,) indices.

        Args:
            tracks: Indices of tracks.
            dets: Indices of detections.
            first: Whether the score and the looks count beside the place.

        Returns:
            Tracks (P,), detections (P,), similarity (P,) in -1..1.
        """
        motion, embedding = self.options.motion, self.options.embedding
        if motion is None:
            return self.by_looks(tracks, dets)
        tracks, dets = self._touching(tracks, dets)
        value = pair_iou(self.expected[tracks], self.detections.boxes[dets])
        if self.displaced is not None:
            value = np.maximum(value, self._displaced_iou(tracks, dets))
        if not first:
            return tracks, dets, value
        # Whether pairs that do not touch are listed depends on their number.
        touch = np.flatnonzero(value > 0)
        tracks, dets, value = tracks[touch], dets[touch], value[touch]
        if motion.score_weight:
            value *= self.detections.scores[dets]
        if embedding is not None:
            value *= 1 - embedding.weight
            value += embedding.weight * self._cosine(tracks, dets)
        return tracks, dets, value

    def by_looks(self, tracks: np.ndarray, dets: np.ndarray) -> Pairs:
        """All pairs, with their cosine; arguments as :meth:`in_place`."""
        value = self.embeddings[tracks] @ self.detections.embeddings[dets].T
        rows, cols = all_pairs(len(tracks), len(dets))
        return self._same_class(tracks[rows], dets[cols], value.ravel())

    def apart(self, tracks: np.ndarray, dets: np.ndarray) -> Pairs:
        """Pairs for the recovery round; arguments as :meth:`in_place`."""
        if self.options.embedding is not None:
            tracks, dets, value = self.by_looks(tracks, dets)
        else:
            rows, cols = all_pairs(len(tracks), len(dets))
            tracks, dets, value = self._same_class(
                tracks[rows], dets[cols], None
            )
        reach = self.options.recover.reach
        if reach is None:
            return tracks, dets, value
        near = 1 - self._distance(tracks, dets) / reach
        if value is None:
            return tracks, dets, near
        kept = near > 0
        return tracks[kept], dets[kept], value[kept]

    def _touching(
        self, tracks: np.ndarray, dets: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        a, b = self.expected[tracks], self.detections.boxes[dets]
        if self.displaced is not None:
            previous, displaced = self.previous[tracks], self.displaced[dets]
            a = _hull(a, previous)
            b = _hull(b, displaced)
        rows, cols = near_pairs(a, b)
        tracks, dets, _ = self._same_class(tracks[rows], dets[cols], None)
        return tracks, dets

    def _same_class(
        self, tracks: np.ndarray, dets: np.ndarray, value: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        if not self.options.class_aware:
            return tracks, dets, value
        same = self.labels[tracks] == self.detections.labels[dets]
        if same.all():
            return tracks, dets, value
        return (
            tracks[same],
            dets[same],
            None if value is None else value[same],
        )

    def _displaced_iou(
        self, tracks: np.ndarray, dets: np.ndarray
    ) -> np.ndarray:
        """IoU one frame ago; 0 where a track or a velocity was not there."""
        value = pair_iou(self.previous[tracks], self.displaced[dets])
        value[self.gaps[tracks] != self.step] = 0
        return np.nan_to_num(value, copy=False)

    def _cosine(self, tracks: np.ndarray, dets: np.ndarray) -> np.ndarray:
        return np.einsum(
            'pe,pe->p',
            self.embeddings[tracks],
            self.detections.embeddings[dets],
        )

    def _distance(self, tracks: np.ndarray, dets: np.ndarray) -> np.ndarray:
        """Distance of centres in mean box sides per frame of the gap."""
        a, b = self.expected[tracks], self.detections.boxes[dets]
        apart = np.hypot(*((a[:, :2] + a[:, 2:] - b[:, :2] - b[:, 2:]) / 2).T)
        side = np.sqrt(
            np.prod(
                self.previous[tracks][:, 2:] - self.previous[tracks][:, :2],
                axis=1,
            )
        )
        return apart / (side * self.gaps[tracks])


def _hull(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Smallest boxes around ``a`` and ``b`` (N, 4); NaN in ``b`` is none."""
    return np.concatenate(
        [np.fmin(a[:, :2], b[:, :2]), np.fmax(a[:, 2:], b[:, 2:])], axis=1
    )
