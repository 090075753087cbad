"""MOT challenge folders as a CocoVID dict, with velocities.

The layout is told in :mod:`mmvmtl.datasets.mot_files`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from mmvmtl import boxes
from mmvmtl.datasets.mot_files import (
    LAYOUT,
    MOTRow,
    open_sequence,
    read_rows,
)
from mmvmtl.errors import UserError


def centre_velocities(
    by_frame: dict[int, dict[int, MOTRow]], numbers: Sequence[int]
) -> dict[tuple[int, int], np.ndarray]:
    """Velocity (2,) in pixels per frame by (frame number, id).

    The difference of the centres of the whole boxes in a frame and in the
    frame before it that exists, over the gap in frame numbers; only where
    the visibility is 1 on both sides, as else a box's centre is not its
    object's. Others have no entry.
    """
    velocities = {}
    for before, now in pairwise(numbers):
        earlier = by_frame.get(before, {})
        for identity, row in by_frame.get(now, {}).items():
            old = earlier.get(identity)
            if old is None or min(old.visibility, row.visibility) < 1:
                continue
            if np.isnan(old.visibility + row.visibility):
                continue
            moved = boxes.centres(row.bbox) - boxes.centres(old.bbox)
            velocities[now, identity] = moved / (now - before)
    return velocities


def _group(
    rows: list[MOTRow],
    numbers: Sequence[int],
    frames: Sequence[int] | None,
    path: Path,
) -> dict[int, dict[int, MOTRow]]:
    """Rows by frame number and id, of the part that is asked for."""
    wanted = set(numbers)
    grouped: dict[int, dict[int, MOTRow]] = {}
    for row in rows:
        if frames is None or frames[0] <= row.number <= frames[1]:
            if row.number not in wanted:
                raise UserError(
                    f'{path}, line {row.line}: frame {row.number} has no '
                    'picture; restore it, remove its rows, or ask for a '
                    'part by frames.'
                )
            frame = grouped.setdefault(row.number, {})
            if row.identity in frame:
                raise UserError(
                    f'{path}, line {row.line}: id {row.identity} occurs '
                    f'twice in frame {row.number}; correct or remove one.'
                )
            frame[row.identity] = row
    return grouped


class MOTConverter:
    """Collects MOT sequences into one CocoVID dict, ``content``.

    Frame numbers stay those of the sequence, counted from 0 instead of 1,
    also for a part of it, so results can be compared with ``gt.txt``.
    Rows with flag 0 become ignored boxes. Boxes are cut at the border of
    the image; those wholly outside are left out and counted in
    ``outside``.

    Args:
        root (str | Path): Folder that ``file_name`` will be relative to.
        classes (Sequence[str]): Names of the classes 1, 2, ...
    """

    def __init__(self, root: str | Path, classes: Sequence[str]) -> None:
        self.root = Path(root)
        self.outside = 0
        self.content: dict = {
            'videos': [],
            'images': [],
            'annotations': [],
            'categories': [
                {'id': i, 'name': name} for i, name in enumerate(classes, 1)
            ],
        }

    def add(self, sequence: str, frames: Sequence[int] | None = None) -> None:
        """Add a sequence, or some of its frames.

        Args:
            sequence (str): Folder below ``root``, ``'.'`` for itself.
            frames (Sequence[int], optional): (first, last), from 1 and
                inclusive, or (first, last, step).

        Raises:
            UserError: Of missing files or bad rows.
        """
        if not self.root.is_dir():
            inside = '' if sequence == '.' else f'{sequence}/ with '
            raise UserError(
                f'the data root {self.root} does not exist; set data_root of '
                'the data set, or the environment variable that its config '
                f'reads, to a folder with {inside}{LAYOUT}.'
            )
        source = open_sequence(self.root / sequence)
        numbers = source.numbers(frames)
        path = source.folder / 'gt' / 'gt.txt'
        # With a step, frames in between have pictures but do not count.
        every = source.numbers(frames and frames[:2])
        by_frame = _group(read_rows(path), every, frames, path)
        velocities = centre_velocities(by_frame, numbers)
        video = {
            'id': len(self.content['videos']),
            'name': source.name,
            'width': source.width,
            'height': source.height,
            'fps': source.fps,
            'length': len(numbers),
        }
        if source.video:
            video['file_name'] = self._relative(source.video)
        self.content['videos'].append(video)
        for number in numbers:
            image = {
                'id': len(self.content['images']),
                'video_id': video['id'],
                'frame_id': number - 1,
                'file_name': self._relative(source.files.get(number)),
            }
            self.content['images'].append(image)
            for row in by_frame.get(number, {}).values():
                velocity = velocities.get((number, row.identity))
                self._add_box(row, video, image, velocity, path)

    def _relative(self, path: Path | None) -> str | None:
        return path and path.relative_to(self.root).as_posix()

    def _add_box(
        self,
        row: MOTRow,
        video: dict,
        image: dict,
        velocity: np.ndarray | None,
        path: Path,
    ) -> None:
        if row.category > len(self.content['categories']):
            names = [c['name'] for c in self.content['categories']]
            raise UserError(
                f'{path}, line {row.line}: class {row.category} has no name; '
                f'the names of classes 1 to {len(names)} are {names}, name '
                'them all.'
            )
        limit = [video['width'], video['height']] * 2
        bbox = np.clip(row.bbox, 0, limit)
        if boxes.area(bbox) <= 0:
            self.outside += 1
            return
        annotation = {
            'id': len(self.content['annotations']),
            'image_id': image['id'],
            'video_id': video['id'],
            'category_id': row.category,
            'bbox': boxes.xyxy_to_xywh(bbox).round(3).tolist(),
            'instance_id': row.identity,
        }
        if not np.isnan(row.visibility):
            annotation['visibility'] = float(np.clip(row.visibility, 0, 1))
        if velocity is not None:
            annotation['velocity'] = velocity.round(4).tolist()
        if row.flag == 0:
            annotation['ignore'] = True
        self.content['annotations'].append(annotation)
