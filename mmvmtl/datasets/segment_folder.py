"""Videos with labelled stretches of time as a CocoVID dict.

``<root>/segments.csv`` has a line ``video,start_frame,end_frame,label`` for
each stretch, frames counted from 0, the end not included; ``<root>/videos``
has ``<video>.mp4``. Each stretch becomes a video of its own with one clip
label, so that no clip of it has two.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from mmvmtl.datasets.mot_files import VIDEOS, count_frames
from mmvmtl.errors import UserError

COLUMNS = ('video', 'start_frame', 'end_frame', 'label')
LAYOUT = (
    f'<root>/segments.csv with the columns {",".join(COLUMNS)} beside '
    '<root>/videos/<video>.mp4'
)


@dataclass
class Segment:
    """A line of ``segments.csv``: frames ``[start, end)`` of a video."""

    line: int
    video: str
    start: int
    end: int
    label: str


def read_segments(path: Path) -> list[Segment]:
    """Read and check the lines of ``segments.csv``.

    Raises:
        UserError: If it is missing, or a line is not what it should be.
    """
    if not path.is_file():
        raise UserError(f'{path} does not exist; expected {LAYOUT}.')
    with path.open(newline='') as file:
        reader = csv.DictReader(file)
        if not set(COLUMNS) <= set(reader.fieldnames or ()):
            raise UserError(
                f'{path} has the columns {reader.fieldnames}; expected '
                f'{",".join(COLUMNS)}.'
            )
        segments = []
        for line, row in enumerate(reader, 2):
            try:
                start, end = int(row['start_frame']), int(row['end_frame'])
            except (TypeError, ValueError):
                start = end = -1
            if not 0 <= start < end:
                raise UserError(
                    f'{path}, line {line}: frames {row["start_frame"]} to '
                    f'{row["end_frame"]} are no range [start, end) with '
                    '0 ≤ start < end; correct it.'
                )
            segments.append(
                Segment(line, row['video'], start, end, row['label'])
            )
    return segments


def raw_to_class(
    classes: Mapping[str, Sequence[str]], drop: Sequence[str]
) -> dict[str, int]:
    """Class number by raw label, −1 for those dropped.

    Raises:
        UserError: If a raw label has two fates.
    """
    fate: dict[str, int] = {}
    merged = [*enumerate(classes.values()), (-1, drop)]
    for number, labels in merged:
        for label in labels:
            if label in fate:
                raise UserError(
                    f'the raw label {label!r} stands twice in classes and '
                    'drop; leave it in one place.'
                )
            fate[label] = number
    return fate


class SegmentConverter:
    """Collects the stretches of videos into one CocoVID dict, ``content``.

    ``frame_id`` is the number of the frame in the file.

    Args:
        root (str | Path): See the module; ``file_name`` is relative to it.
        classes (Mapping[str, Sequence[str]]): The raw labels that each
            clip label is made of.
        drop (Sequence[str]): Raw labels whose stretches are left out.
        every (int): Only frames whose number is a multiple of it, ≥ 1.

    Raises:
        UserError: Of a bad file, or a raw label without a fate.
    """

    def __init__(
        self,
        root: str | Path,
        classes: Mapping[str, Sequence[str]],
        drop: Sequence[str] = (),
        every: int = 1,
    ) -> None:
        self.root = Path(root)
        self.every = every
        self.path = self.root / 'segments.csv'
        self.segments = read_segments(self.path)
        self.fate = raw_to_class(classes, drop)
        for segment in self.segments:
            if segment.label not in self.fate:
                raise UserError(
                    f'{self.path}, line {segment.line}: the raw label '
                    f'{segment.label!r} belongs to no class; add it to one, '
                    'or to drop.'
                )
        self.content: dict = {
            'videos': [],
            'images': [],
            'tasks': {'cls': list(classes)},
        }

    @property
    def videos(self) -> list[str]:
        """Names of the videos, in order of appearance."""
        return list(dict.fromkeys(s.video for s in self.segments))

    def add(self, video: str) -> None:
        """Add all stretches of a video.

        Raises:
            UserError: If it has none, can not be opened or is too short.
        """
        if video not in self.videos:
            raise UserError(
                f'{self.path} has no video {video!r}; it has '
                f'{", ".join(self.videos)}.'
            )
        path, info = self._open(video)
        for segment in self.segments:
            if segment.video != video or self.fate[segment.label] < 0:
                continue
            if segment.end > info['frames']:
                raise UserError(
                    f'{self.path}, line {segment.line} ends at frame '
                    f'{segment.end}, but {path} has {info["frames"]}; '
                    'correct it.'
                )
            self._add_segment(segment, path, info)

    def _open(self, video: str) -> tuple[Path, dict]:
        places = [self.root / 'videos' / f'{video}{end}' for end in VIDEOS]
        path = next((p for p in places if p.is_file()), places[0])
        capture = cv2.VideoCapture(str(path))
        if not capture.isOpened():
            raise UserError(
                f'the video {path} does not exist or can not be opened; '
                f'expected {LAYOUT}.'
            )
        info = {
            'width': int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            'height': int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
            'fps': capture.get(cv2.CAP_PROP_FPS),
            'frames': count_frames(path, capture),
        }
        capture.release()
        return path, info

    def _add_segment(self, segment: Segment, path: Path, info: dict) -> None:
        first = -(-segment.start // self.every) * self.every
        numbers = range(first, segment.end, self.every)
        if not numbers:
            raise UserError(
                f'{self.path}, line {segment.line} has no frame whose number '
                f'is a multiple of {self.every}; lower every.'
            )
        video = {
            'id': len(self.content['videos']),
            'name': f'{segment.video}/{segment.start}-{segment.end}',
            'width': info['width'],
            'height': info['height'],
            'fps': info['fps'],
            'length': len(numbers),
            'file_name': path.relative_to(self.root).as_posix(),
            'clip_label': self.fate[segment.label],
        }
        self.content['videos'].append(video)
        self.content['images'] += [
            {
                'id': len(self.content['images']) + i,
                'video_id': video['id'],
                'frame_id': number,
                'file_name': None,
            }
            for i, number in enumerate(numbers)
        ]
