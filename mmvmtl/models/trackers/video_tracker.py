"""The tracker that configs name; the arithmetic is in its siblings."""

from __future__ import annotations

from typing import Any

from mmvmtl.errors import UserError
from mmvmtl.models.trackers.lifecycle import TrackStream
from mmvmtl.models.trackers.options import (
    Embedding,
    Gates,
    Lifecycle,
    Motion,
    Recover,
    Scores,
    TrackerOptions,
    Velocity,
    read_group,
    read_switch,
)
from mmvmtl.option_groups import Grouped
from mmvmtl.registry import TASK_UTILS

Group = dict[str, Any] | None
Switch = dict[str, Any] | bool | None


@TASK_UTILS.register_module()
class VideoTracker(Grouped):
    """One lifecycle of tracks; known trackers are settings of it.

    The defaults are in the manner of `ByteTrack
    <https://arxiv.org/abs/2110.06864>`_. Others:

    - `SORT <https://arxiv.org/abs/1602.00763>`_: ``scores=dict(high=0.5,
      low=None, new=0.5), gates=dict(first=0.3, tentative=0.3),
      motion=dict(score_weight=False), lifecycle=dict(min_hits=3,
      max_lost=1, report_tentative=False)``;
    - in the manner of `OC-SORT <https://arxiv.org/abs/2203.14360>`_:
      ``motion=dict(reupdate=True)`` beside ByteTrack's;
    - by looks alone: ``motion=False, embedding=True,
      gates=dict(first=0.5, tentative=0.5), scores=dict(low=None)``;
    - everything: ``gates=dict(first=0.3), embedding=True, velocity=True,
      recover=True``.

    The tracker itself holds no tracks: each video has a stream.

    Args:
        scores (dict, optional): See :class:`Scores`.
        gates (dict, optional): See :class:`Gates`.
        motion (dict | bool): See :class:`Motion`; False: not used, True:
            used with its defaults.
        embedding (dict | bool): See :class:`Embedding`; as ``motion``.
        velocity (dict | bool): See :class:`Velocity`; as ``motion``.
        recover (dict | bool): See :class:`Recover`; as ``motion``.
        lifecycle (dict, optional): See :class:`Lifecycle`.
        class_aware (bool): Whether tracks and detections of different
            classes never match.

    Raises:
        ValueError: An unknown option, or settings that leave nothing to
            match or to recover by.
    """

    groups = (
        *('scores', 'gates', 'motion', 'embedding', 'velocity', 'recover'),
        'lifecycle',
    )

    def __init__(
        self,
        scores: Group = None,
        gates: Group = None,
        motion: Switch = True,
        embedding: Switch = False,
        velocity: Switch = False,
        recover: Switch = False,
        lifecycle: Group = None,
        class_aware: bool = True,
    ) -> None:
        self.options = TrackerOptions(
            scores=read_group(Scores, scores, 'scores'),
            gates=read_group(Gates, gates, 'gates'),
            motion=read_switch(Motion, motion, 'motion'),
            embedding=read_switch(Embedding, embedding, 'embedding'),
            velocity=read_switch(Velocity, velocity, 'velocity'),
            recover=read_switch(Recover, recover, 'recover'),
            lifecycle=read_group(Lifecycle, lifecycle, 'lifecycle'),
            class_aware=class_aware,
        )
        if self.options.motion is None and self.options.embedding is None:
            raise UserError(
                'The tracker has neither motion nor embedding to match by; '
                'give it motion=True or embedding=True.'
            )

        recover, embedding = self.options.recover, self.options.embedding
        if recover and not embedding and recover.reach is None:
            raise UserError(
                'The tracker can not recover lost tracks from anywhere '
                'without looks; give recover a reach or set embedding=True.'
            )

    def new_stream(self) -> TrackStream:
        """An empty stream, for one video."""
        return TrackStream(self.options)
