"""Read MOT challenge folders as a CocoVID dict.

A sequence is a folder with ``gt/gt.txt`` and its frames: numbered images in
``img1/`` (or the ``imDir`` of ``seqinfo.ini``, where that exists), or one
video file. Rows of ``gt.txt``: ``frame (from 1), id, x, y, w, h, [flag],
[class (from 1)], [visibility]``.
"""

from __future__ import annotations

import configparser
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from mmvmtl import boxes
from mmvmtl.errors import UserError

IMAGES = ('.jpg', '.jpeg', '.png', '.bmp')
VIDEOS = ('.mp4', '.avi', '.mov', '.mkv')
LAYOUT = (
    '<root>/<sequence>/gt/gt.txt beside <sequence>/img1/000001.jpg, ... or '
    '<sequence>/video.mp4, and optionally <sequence>/seqinfo.ini'
)


@dataclass
class MOTSequence:
    """One sequence: where its frames are and what is known of them.

    Attributes:
        name (str): From ``seqinfo.ini``, else the folder's.
        folder (Path): The sequence's folder.
        width (int): Of a frame, pixels.
        height (int): Of a frame, pixels.
        fps (float): Frames per second, 0 if unknown.
        files (dict[int, Path]): Image of each frame number from 1; empty
            for a video file.
        video (Path, optional): The video file.
        length (int): Number of frames.
    """

    name: str
    folder: Path
    width: int
    height: int
    fps: float
    files: dict[int, Path]
    video: Path | None
    length: int

    def numbers(self, frames: tuple[int, int] | None) -> list[int]:
        """Frame numbers from 1 that exist, within (first, last) if given."""
        numbers = sorted(self.files) or list(range(1, self.length + 1))
        first, last = frames or (numbers[0], numbers[-1])
        chosen = [n for n in numbers if first <= n <= last]
        if not chosen:
            raise UserError(
                f'{self.folder} has frames {numbers[0]} to {numbers[-1]}, '
                f'none in {first} to {last}; correct the range of frames.'
            )
        return chosen


def _numbered_images(folder: Path) -> dict[int, Path]:
    files = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in IMAGES:
            digits = ''.join(c for c in path.stem if c.isdigit())
            if not digits:
                raise UserError(
                    f'{path} has no frame number in its name; name images '
                    'like 000001.jpg.'
                )
            files[int(digits)] = path
    return files


def open_sequence(folder: str | Path) -> MOTSequence:
    """Find the frames of a MOT folder.

    Raises:
        UserError: If the folder or its frames are missing or unreadable.
    """
    folder = Path(folder)
    if not (folder / 'gt' / 'gt.txt').is_file():
        raise UserError(
            f'{folder / "gt" / "gt.txt"} does not exist; expected {LAYOUT}.'
        )
    parser = configparser.ConfigParser()
    parser.read(folder / 'seqinfo.ini')
    info = parser['Sequence'] if parser.has_section('Sequence') else {}
    # imDir is often a leftover of somebody's disk: it counts if it is there.
    candidates = [folder / info.get('imDir', 'img1'), folder / 'img1']
    images: dict[int, Path] = {}
    for candidate in candidates:
        if candidate.is_dir() and not images:
            images = _numbered_images(candidate)
    name = info.get('name', folder.resolve().name)
    fps = float(info.get('frameRate', 0))
    if images:
        first = images[min(images)]
        picture = cv2.imread(str(first))
        if picture is None:
            raise UserError(f'{first} can not be decoded; restore it.')
        height, width = picture.shape[:2]
        return MOTSequence(
            name, folder, width, height, fps, images, None, len(images)
        )
    videos = [p for p in sorted(folder.iterdir()) if p.suffix in VIDEOS]
    if len(videos) != 1:
        raise UserError(
            f'{folder} has no numbered images in img1 and {len(videos)} '
            f'video files instead of one; expected {LAYOUT}.'
        )
    capture = cv2.VideoCapture(str(videos[0]))
    width, height, length, rate = (
        capture.get(key)
        for key in (
            cv2.CAP_PROP_FRAME_WIDTH,
            cv2.CAP_PROP_FRAME_HEIGHT,
            cv2.CAP_PROP_FRAME_COUNT,
            cv2.CAP_PROP_FPS,
        )
    )
    if not capture.isOpened() or length < 1:
        raise UserError(f'{videos[0]} can not be opened; re-encode it.')
    capture.release()
    length = int(info.get('seqLength', length))
    return MOTSequence(
        name, folder, int(width), int(height), fps or rate, {}, videos[0],
        length,
    )  # fmt: skip


def list_sequences(root: str | Path) -> list[str]:
    """Sequences of a root: ``'.'`` if it is one itself, else its folders.

    Raises:
        UserError: If there is none.
    """
    root = Path(root)
    if (root / 'gt' / 'gt.txt').is_file():
        return ['.']
    found = sorted(path.parts[-3] for path in root.glob('*/gt/gt.txt'))
    if not found:
        raise UserError(f'{root} has no MOT sequence; expected {LAYOUT}.')
    return found


@dataclass
class _Row:
    line: int
    number: int
    identity: int
    bbox: np.ndarray
    flag: float
    category: int
    visibility: float


def read_rows(path: str | Path) -> list[_Row]:
    """Rows of a MOT ground-truth file with at least 6 columns.

    A class below 1 (not given) reads as 1, a missing visibility as NaN.

    Raises:
        UserError: Of a row that is not numbers, or a box without area.
    """
    rows = []
    for number, text in enumerate(Path(path).read_text().splitlines(), 1):
        if not text.strip():
            continue
        where = f'{path}, line {number}'
        try:
            values = [float(v) for v in text.split(',')]
        except ValueError as error:
            raise UserError(
                f'{where}: {text!r} is not numbers separated by commas; '
                'correct it.'
            ) from error
        if len(values) < 6 or not np.isfinite(values).all():
            raise UserError(
                f'{where} needs at least frame, id, x, y, w, h as finite '
                'numbers; correct it.'
            )
        if min(values[4:6]) <= 0:
            raise UserError(
                f'{where} has a box without area ({values[4]:g}×'
                f'{values[5]:g}); correct or remove it.'
            )
        if values[1] < 0:
            raise UserError(
                f'{where} has id {values[1]:g}; a detection file is not '
                'ground truth, every row needs an id ≥ 0.'
            )
        # Ten columns are MOT15's: the last three are world coordinates.
        columns = values + [1.0, 1.0, np.nan][len(values) - 6 :]
        if len(values) >= 10:
            columns[7:9] = 1, np.nan
        bbox = boxes.xywh_to_xyxy(np.array(values[2:6]))
        rows.append(
            _Row(
                number,
                int(columns[0]),
                int(columns[1]),
                bbox,
                columns[6],
                max(int(columns[7]), 1),
                columns[8],
            )
        )
    return rows


def centre_velocities(
    by_frame: dict[int, dict[int, _Row]], numbers: Sequence[int]
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
    rows: list[_Row], numbers: Sequence[int], path: Path
) -> dict[int, dict[int, _Row]]:
    wanted = set(numbers)
    grouped: dict[int, dict[int, _Row]] = {}
    for row in rows:
        if numbers[0] <= row.number <= numbers[-1]:
            if row.number not in wanted:
                raise UserError(
                    f'{path}, line {row.line}: frame {row.number} has no '
                    'picture; restore it or remove its rows.'
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

    def add(
        self, sequence: str, frames: tuple[int, int] | None = None
    ) -> None:
        """Add a sequence, or its frames first..last (from 1, inclusive).

        Args:
            sequence (str): Folder below ``root``, ``'.'`` for itself.
            frames (tuple[int, int], optional): (first, last).

        Raises:
            UserError: Of missing files or bad rows.
        """
        if not self.root.is_dir():
            raise UserError(
                f'the data root {self.root} does not exist; expected {LAYOUT}.'
            )
        source = open_sequence(self.root / sequence)
        numbers = source.numbers(frames)
        path = source.folder / 'gt' / 'gt.txt'
        by_frame = _group(read_rows(path), numbers, path)
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
        row: _Row,
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
