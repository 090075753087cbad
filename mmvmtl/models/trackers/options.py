"""The knobs of the tracker, one frozen dataclass a group, checked."""

from __future__ import annotations

from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any, TypeVar

from mmvmtl.errors import UserError

T = TypeVar('T')


@dataclass(frozen=True)
class Scores:
    """Detection scores, each in 0..1, that decide a detection's part.

    Attributes:
        high: Above it a detection is matched in the first round.
        low: Above it (and not above ``high``) in the second round, which
            only tracks seen in the previous frame take part in
            (`ByteTrack <https://arxiv.org/abs/2110.06864>`_); None: no
            second round.
        new: Above it (and above ``high``) an unmatched detection founds a
            track.
    """

    high: float = 0.6
    low: float | None = 0.1
    new: float = 0.6


@dataclass(frozen=True)
class Gates:
    """The least similarity (0..1) of a match, one a round of association.

    Attributes:
        first: Confirmed tracks with high detections.
        second: What is left of them with low detections.
        tentative: Unconfirmed tracks with what is left of the high ones.
    """

    first: float = 0.1
    second: float = 0.5
    tentative: float = 0.3


@dataclass(frozen=True)
class Motion:
    """Similarity of place: IoU with the box expected in this frame.

    Attributes:
        predict: Whether a Kalman filter expects the box, else it is expected
            where it was last seen.
        score_weight: Whether the first rounds multiply the IoU by the
            detection's score, as ByteTrack does.
        std_position: Noise of position, as a fraction of the box side.
        std_velocity: Noise of velocity, the same per frame.
        reupdate: Whether a track that was lost and is found again replays
            the gap on the straight line between its two observations, so
            that its velocity forgets the blind guesses
            (`OC-SORT <https://arxiv.org/abs/2203.14360>`_).
    """

    predict: bool = True
    score_weight: bool = True
    std_position: float = 1 / 20
    std_velocity: float = 1 / 160
    reupdate: bool = False


@dataclass(frozen=True)
class Embedding:
    """Similarity of looks: cosine with the track's running mean.

    Attributes:
        weight: Its share (0..1) in the similarity of the first rounds, beside
            the place's 1 - weight.
        momentum: Of the running mean, per match of a high detection.
    """

    weight: float = 0.5
    momentum: float = 0.9


@dataclass(frozen=True)
class Velocity:
    """What the network's velocity (pixels per frame) is used for.

    Attributes:
        displace: Whether a detection, moved back by its velocity, is compared
            with the tracks' previous boxes; the better of that IoU and the
            expected one counts.
        std: Whether, and with which noise (as a fraction of the box side per
            frame), it corrects the Kalman velocity; None: not.
    """

    displace: bool = True
    std: float | None = 0.05


@dataclass(frozen=True)
class Recover:
    """A last round of confirmed tracks and high detections without overlap.

    Attributes:
        gate: Least similarity: the cosine, or without embedding the nearness
            (1 at the expected place, 0 at ``reach``).
        reach: Largest distance of centres from the expected place, in box
            sides (geometric mean of w and h) per frame since the track was
            seen; None: anywhere, by looks alone.
    """

    gate: float = 0.75
    reach: float | None = 3.0


@dataclass(frozen=True)
class Lifecycle:
    """Birth and death of a track.

    Attributes:
        min_hits: Frames in a row until a track is confirmed; a track of the
            stream's first frame is at once. An unconfirmed one that is
            missed dies.
        max_lost: Largest gap in frames over which a confirmed track is found
            again.
        report_tentative: Whether unconfirmed tracks show their id, else 0.
    """

    min_hits: int = 2
    max_lost: int = 30
    report_tentative: bool = True


def read_group(kind: type[T], value: dict[str, Any] | None, name: str) -> T:
    """The group ``kind`` of a dict; None gives the defaults.

    Raises:
        ValueError: ``value`` has a key that the group lacks, or is no dict.
    """
    if isinstance(value, bool):
        raise UserError(
            f'The tracker option {name!r} is {value}, but it can not be '
            'switched; give it a dict, or leave it out for its defaults.'
        )
    names = [field.name for field in fields(kind)]
    for key in value or {}:
        if key not in names:
            near = get_close_matches(key, names, 1) or names
            raise UserError(
                f'The tracker option {name!r} has no {key!r}, use '
                f'{" or ".join(map(repr, near))}.'
            )
    return kind(**(value or {}))


def read_switch(
    kind: type[T], value: dict[str, Any] | bool | None, name: str
) -> T | None:
    """The group ``kind``, or None if ``value`` is False or None."""
    if value is None or value is False:
        return None
    return read_group(kind, None if value is True else value, name)


@dataclass(frozen=True)
class TrackerOptions:
    """All groups together; a group that is None is switched off."""

    scores: Scores
    gates: Gates
    motion: Motion | None
    embedding: Embedding | None
    velocity: Velocity | None
    recover: Recover | None
    lifecycle: Lifecycle
    class_aware: bool
