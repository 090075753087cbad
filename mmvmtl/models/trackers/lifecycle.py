"""One video's tracks as arrays, and what a frame does to them."""

from __future__ import annotations

import numpy as np

from mmvmtl.errors import UserError
from mmvmtl.models.trackers.association import assign
from mmvmtl.models.trackers.detections import (
    Detections,
    read_detections,
    unit,
)
from mmvmtl.models.trackers.kalman import Kalman, to_xyxy
from mmvmtl.models.trackers.options import TrackerOptions
from mmvmtl.models.trackers.similarity import Similarity

_ARRAYS = ('ids', 'labels', 'hits', 'last_seen', 'confirmed', 'observed')


class TrackStream:
    """The tracks of one video; made by ``VideoTracker.new_stream``.

    Row i of every array is one track, in order of birth. Streams share
    nothing, and a frame's result depends on the stream's frames alone.

    Args:
        options: See :class:`VideoTracker`.

    Attributes:
        ids (ndarray): (N,) from 1, never reused.
        labels (ndarray): (N,) of the last detection.
        hits (ndarray): (N,) detections so far.
        last_seen (ndarray): (N,) frame of the last one.
        confirmed (ndarray): (N,) bool.
        observed (ndarray): (N, 4) its box, xyxy.
        state (ndarray): (5, N, 4), see :class:`Kalman`.
        embeddings (ndarray): (N, E) running means of unit length, or None.
        frame_id (int): The last frame, None before the first.
    """

    def __init__(self, options: TrackerOptions) -> None:
        self.options = options
        motion = options.motion
        self.kalman = None
        if motion is not None and motion.predict:
            self.kalman = Kalman(motion.std_position, motion.std_velocity)
        self.frame_id: int | None = None
        self.ids = np.zeros(0, dtype=np.int64)
        self.labels = np.zeros(0, dtype=np.int64)
        self.hits = np.zeros(0, dtype=np.int64)
        self.last_seen = np.zeros(0, dtype=np.int64)
        self.confirmed = np.zeros(0, dtype=bool)
        self.observed = np.zeros((0, 4))
        self.state = np.zeros((5, 0, 4))
        self.state_seen = self.state
        self.embeddings: np.ndarray | None = None
        self._next_id = 1

    def update(
        self,
        bboxes: np.ndarray,
        scores: np.ndarray,
        labels: np.ndarray,
        embeddings: np.ndarray | None = None,
        velocities: np.ndarray | None = None,
        frame_id: int | None = None,
    ) -> np.ndarray:
        """Follow the tracks into one more frame.

        Args:
            bboxes: (N, 4) xyxy in pixels. A box without area or with a
                number that is not finite is dropped (id 0).
            scores: (N,) in 0..1.
            labels: (N,) class indices.
            embeddings: (N, E), any length; needed if the options use them.
            velocities: (N, 2) pixels per frame, NaN unknown; None: all.
            frame_id: Larger than the last one, gaps are ordinary; None: the
                last one plus 1.

        Returns:
            Ids (N,) int64 of the detections, 0 where none is shown.

        Raises:
            ValueError: A frame does not follow the last one, arrays
                disagree, or embeddings are missing.
        """
        options = self.options
        if options.embedding is None:
            embeddings = None
        elif embeddings is None and len(bboxes):
            raise UserError(
                'The tracker uses embeddings but got none; give the model a '
                'track head or set embedding=False.'
            )
        if options.velocity is None:
            velocities = None
        found = read_detections(bboxes, scores, labels, embeddings, velocities)
        first = self.frame_id is None
        step = self._advance(frame_id)
        track_of = np.full(len(found.scores), -1)
        if len(self.ids) and len(track_of):
            self._match(found, step, track_of)
        dets = np.flatnonzero(track_of >= 0)
        if len(dets):
            self._absorb(found, dets, track_of[dets], step)
        self._give_birth(found, track_of, first)
        if not len(self.ids):
            return np.zeros(len(track_of), dtype=np.int64)
        shown = self.ids
        if not options.lifecycle.report_tentative:
            shown = np.where(self.confirmed, shown, 0)
        return np.where(track_of >= 0, shown[track_of], 0)

    def _advance(self, frame_id: int | None) -> int:
        """Go to ``frame_id``: bury the dead, predict; the step in frames."""
        last = self.frame_id
        if frame_id is None:
            frame_id = 0 if last is None else last + 1
        frame_id = int(frame_id)
        if last is not None and frame_id <= last:
            raise UserError(
                f'Frame {frame_id} does not follow frame {last} of its '
                'stream; start another video with a new stream.'
            )
        self.frame_id = frame_id
        step = 1 if last is None else frame_id - last
        if not len(self.ids):
            return step
        fresh = self.last_seen == last
        near = frame_id - self.last_seen <= self.options.lifecycle.max_lost
        # What was there in the frame before was never away.
        alive = fresh | (self.confirmed & near)
        if not alive.all():
            fresh = fresh[alive]
            self._keep(alive)
        if self.kalman is not None:
            # The sides of what is hidden do not grow or shrink blindly.
            self.state[1, ~fresh, 2:] = 0
            self.state = self.kalman.predict(self.state, step)
        return step

    def _keep(self, alive: np.ndarray) -> None:
        for name in _ARRAYS:
            setattr(self, name, getattr(self, name)[alive])
        if self.kalman is not None:
            self.state = self.state[:, alive]
            if self.options.motion.reupdate:
                self.state_seen = self.state_seen[:, alive]
        if self.embeddings is not None:
            self.embeddings = self.embeddings[alive]

    def _match(
        self, found: Detections, step: int, track_of: np.ndarray
    ) -> None:
        """The rounds of association; fills ``track_of`` (M,)."""
        options, gates = self.options, self.options.gates
        gaps = self.frame_id - self.last_seen
        expected = self.observed
        if self.kalman is not None:
            expected = to_xyxy(self.state[0])
        similarity = Similarity(
            options,
            found,
            self.labels,
            expected,
            self.observed,
            gaps,
            step,
            self.embeddings,
        )
        free = np.ones(len(gaps), dtype=bool)

        def play(
            tracks: np.ndarray, dets: np.ndarray, gate: float, compare, *args
        ) -> None:
            tracks, dets = np.flatnonzero(tracks), np.flatnonzero(dets)
            if not len(tracks) or not len(dets):
                return
            rows, cols, value = compare(tracks, dets, *args)
            rows, cols = assign(rows, cols, value - gate)
            track_of[cols] = rows
            free[rows] = False

        high = found.scores > options.scores.high
        place = similarity.in_place
        play(self.confirmed, high, gates.first, place, True)
        left = high & (track_of < 0)
        if left.any() and options.recover is not None:
            play(
                self.confirmed & free,
                left,
                options.recover.gate,
                similarity.apart,
            )
            left &= track_of < 0
        if left.any():
            play(~self.confirmed, left, gates.tentative, place, True)
        if options.scores.low is not None:
            low = (found.scores > options.scores.low) & ~high
            if low.any():
                play(
                    self.confirmed & free & (gaps == step),
                    low,
                    gates.second,
                    place,
                    False,
                )

    def _absorb(
        self,
        found: Detections,
        dets: np.ndarray,
        tracks: np.ndarray,
        step: int,
    ) -> None:
        """Give each of ``tracks`` (K,) its detection of ``dets`` (K,)."""
        if self.kalman is not None:
            self._correct(found, dets, tracks, step)
        self.observed[tracks] = found.boxes[dets]
        self.labels[tracks] = found.labels[dets]
        self.last_seen[tracks] = self.frame_id
        self.hits[tracks] += 1
        self.confirmed |= self.hits >= self.options.lifecycle.min_hits
        if found.embeddings is not None:
            clear = found.scores[dets] > self.options.scores.high
            tracks, looks = tracks[clear], found.embeddings[dets[clear]]
            momentum = self.options.embedding.momentum
            self.embeddings[tracks] = unit(
                momentum * self.embeddings[tracks] + (1 - momentum) * looks
            )

    def _correct(
        self,
        found: Detections,
        dets: np.ndarray,
        tracks: np.ndarray,
        step: int,
    ) -> None:
        kalman, boxes = self.kalman, found.cxcywh[dets]
        state = kalman.update(self.state[:, tracks], boxes)
        reupdate = self.options.motion.reupdate
        if reupdate:
            gaps = self.frame_id - self.last_seen[tracks]
            lost = np.flatnonzero(gaps > step)
            if len(lost):
                state[:, lost] = kalman.replay(
                    self.state_seen[:, tracks[lost]], boxes[lost], gaps[lost]
                )
        velocity = self.options.velocity
        if found.velocities is not None and velocity.std is not None:
            state = kalman.update_velocity(
                state, found.velocities[dets], velocity.std
            )
        self.state[:, tracks] = state
        if reupdate:
            self.state_seen[:, tracks] = state

    def _give_birth(
        self, found: Detections, track_of: np.ndarray, first: bool
    ) -> None:
        """Begin a track at each sure detection left; fills ``track_of``."""
        scores = self.options.scores
        new = found.scores > max(scores.new, scores.high)
        new = np.flatnonzero(new & (track_of < 0))
        if not len(new):
            return
        count = len(new)
        track_of[new] = np.arange(len(self.ids), len(self.ids) + count)
        sure = first or self.options.lifecycle.min_hits <= 1
        born = (
            np.arange(self._next_id, self._next_id + count),
            found.labels[new],
            np.ones(count, dtype=np.int64),
            np.full(count, self.frame_id),
            np.full(count, sure),
            found.boxes[new],
        )
        self._next_id += count
        for name, rows in zip(_ARRAYS, born, strict=True):
            setattr(self, name, np.concatenate([getattr(self, name), rows]))
        if self.kalman is not None:
            self._start(found, new)
        if found.embeddings is not None:
            looks = found.embeddings[new]
            if self.embeddings is not None:
                looks = np.concatenate([self.embeddings, looks])
            self.embeddings = looks

    def _start(self, found: Detections, new: np.ndarray) -> None:
        state = self.kalman.initiate(found.cxcywh[new])
        velocity = self.options.velocity
        if found.velocities is not None and velocity.std is not None:
            state = self.kalman.update_velocity(
                state, found.velocities[new], velocity.std
            )
        self.state = np.concatenate([self.state, state], axis=1)
        if self.options.motion.reupdate:
            self.state_seen = np.concatenate([self.state_seen, state], axis=1)
