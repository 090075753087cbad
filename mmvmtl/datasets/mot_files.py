"""Find and read the files of MOT challenge folders.

A sequence is a folder with ``gt/gt.txt`` and its frames: numbered images in
``img1/`` (or the ``imDir`` of ``seqinfo.ini``, where that exists), or one
video file. The last run of digits in an image's name is its number, from 1.
Rows of ``gt.txt``: ``frame (from 1), id, x, y, w, h, [flag],
[class (from 1)], [visibility]``.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mmvmtl import boxes
from mmvmtl.errors import UserError

IMAGES = ('.jpg', '.jpeg', '.png', '.bmp')
VIDEOS = ('.mp4', '.avi', '.mov', '.mkv')
#: Containers that store their number of frames; of others OpenCV guesses it
#: from the duration, which sound may prolong.
COUNTED = ('.mp4', '.mov', '.m4v', '.avi')
#: What the folder of a sequence holds.
LAYOUT = (
    'gt/gt.txt beside img1/000001.jpg, ... or video.mp4, and optionally '
    'seqinfo.ini'
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

    def numbers(self, frames: Sequence[int] | None) -> list[int]:
        """Frame numbers from 1 that exist, of (first, last[, step])."""
        numbers = sorted(self.files) or list(range(1, self.length + 1))
        if frames and (len(frames) not in (2, 3) or 0 in frames[2:]):
            raise UserError(
                f'frames={tuple(frames)} must be (first, last) or (first, '
                'last, step), with a step from 1 on.'
            )
        first, last, *step = frames or (numbers[0], numbers[-1])
        wanted = range(first, last + 1, *step)
        chosen = [n for n in numbers if n in wanted]
        if not chosen:
            raise UserError(
                f'{self.folder} has frames {numbers[0]} to {numbers[-1]}, '
                f'none in {first} to {last}; correct the range of frames.'
            )
        return chosen


def _numbered_images(folder: Path) -> dict[int, Path]:
    files: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in IMAGES:
            continue
        runs = re.findall(r'\d+', path.stem)
        if not runs:
            raise UserError(
                f'{path} has no frame number in its name; name images like '
                '000001.jpg.'
            )
        number = int(runs[-1])
        if number == 0:
            raise UserError(
                f'{path} has the frame number 0, but frames of gt.txt count '
                'from 1; number the images from 000001.jpg on.'
            )
        if number in files:
            raise UserError(
                f'{files[number]} and {path.name} both have the frame number '
                f'{number}; give each sequence a folder of its own.'
            )
        files[number] = path
    return files


def count_frames(path: Path, capture: cv2.VideoCapture) -> int:
    """Number of frames of a video that was just opened.

    It is read from the file where the container stores it (``COUNTED``);
    elsewhere all frames are decoded, which leaves ``capture`` at the end.
    """
    if path.suffix.lower() in COUNTED:
        return int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    count = 0
    while capture.grab():
        count += 1
    return count


def open_sequence(folder: str | Path) -> MOTSequence:
    """Find the frames of a MOT folder.

    Raises:
        UserError: If the folder or its frames are missing or unreadable.
    """
    folder = Path(folder)
    if not (folder / 'gt' / 'gt.txt').is_file():
        raise UserError(
            f'{folder / "gt" / "gt.txt"} does not exist; expected in '
            f'{folder}: {LAYOUT}.'
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
            f'video files instead of one; expected in it: {LAYOUT}.'
        )
    capture = cv2.VideoCapture(str(videos[0]))
    width, height, rate = (
        capture.get(key)
        for key in (
            cv2.CAP_PROP_FRAME_WIDTH,
            cv2.CAP_PROP_FRAME_HEIGHT,
            cv2.CAP_PROP_FPS,
        )
    )
    length = count_frames(videos[0], capture)
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
        raise UserError(
            f'{root} has no MOT sequence; expected in it or in each folder '
            f'below it: {LAYOUT}.'
        )
    return found


@dataclass
class MOTRow:
    """A row of ``gt.txt``; ``bbox`` (4,) is xyxy, ``visibility`` or NaN."""

    line: int
    number: int
    identity: int
    bbox: np.ndarray
    flag: float
    category: int
    visibility: float


def read_rows(path: str | Path) -> list[MOTRow]:
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
            MOTRow(
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
