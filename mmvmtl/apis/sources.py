"""Where frames come from: a video file, a folder of pictures, a camera."""

from __future__ import annotations

import configparser
import logging
import re
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from mmengine.logging import print_log

from mmvmtl.datasets.mot_files import COUNTED
from mmvmtl.errors import UserError

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp')
DEFAULT_FPS = 25.0


class Source:
    """Frames in order, uint8 (H, W, 3) BGR.

    Attributes:
        name (str): Short name, for output files.
        fps (float): Frames per second.
        length (int | None): Frames to expect, None for a camera; an estimate
            for a container that does not store it, such as mkv.
        shortfall (str): After the last frame: a sentence if fewer came than
            expected, else ''.
    """

    name: str
    fps: float = DEFAULT_FPS
    length: int | None = None
    shortfall: str = ''

    @abstractmethod
    def __iter__(self) -> Iterator[np.ndarray]:
        """Decode the frames, once."""


class VideoFile(Source):
    """Frames of a video file, as many as decode.

    Fewer than the container stores are a ``shortfall``; fewer than an
    estimate, which sound may prolong, only a warning.

    Raises:
        UserError: If it is missing, no video, or nothing of it decodes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.stem
        self.capture = cv2.VideoCapture(str(path))
        if not self.capture.isOpened():
            raise UserError(
                f'the video {path} can not be opened; it is damaged or of a '
                'format OpenCV does not read, re-encode it.'
            )
        self.fps = _sane_fps(self.capture.get(cv2.CAP_PROP_FPS))
        # Live containers claim 0, or a negative number.
        claimed = int(self.capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self.length = claimed if claimed > 0 else None

    def __iter__(self) -> Iterator[np.ndarray]:
        """Decode until nothing more comes."""
        decoded = 0
        for image in _read(self.capture):
            decoded += 1
            yield image
        if decoded == 0:
            raise UserError(
                f'no frame of the video {self.path} decodes; it is damaged, '
                're-encode it.'
            )
        if self.length is None or decoded >= self.length:
            return
        if self.path.suffix.lower() in COUNTED:
            self.shortfall = (
                f'the video {self.path} is truncated: its header says '
                f'{self.length} frames and {decoded} decode; the results '
                f'cover these {decoded}, re-encode it or get it again.'
            )
        else:
            print_log(
                f'the video {self.path} does not store its number of frames: '
                f'by an estimate from its duration they are {self.length}, '
                f'and {decoded} decode; if the end is missing, get it again.',
                logger='current',
                level=logging.WARNING,
            )


class FrameFolder(Source):
    """Pictures of a folder in the order of the numbers in their names.

    A folder in MOT layout (``img1`` and ``seqinfo.ini``) may be given too.

    Raises:
        UserError: If there is none, one does not decode, or sizes differ.
    """

    def __init__(self, folder: Path) -> None:
        self.name = folder.resolve().name
        self.files = _images(folder)
        info = folder / 'seqinfo.ini'
        if not self.files and (folder / 'img1').is_dir():
            self.files = _images(folder / 'img1')
        if not self.files:
            raise UserError(
                f'the folder {folder} holds no pictures '
                f'({", ".join(IMAGE_SUFFIXES)}); give the folder the frames '
                'are in.'
            )
        if info.is_file():
            ini = configparser.ConfigParser()
            ini.read(info)
            rate = ini.getfloat('Sequence', 'frameRate', fallback=0.0)
            self.fps = _sane_fps(rate)
        self.length = len(self.files)

    def __iter__(self) -> Iterator[np.ndarray]:
        """Decode one picture after another."""
        shape = None
        for path in self.files:
            image = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if image is None:
                raise UserError(
                    f'the frame {path} can not be decoded; restore it or '
                    'remove it from the folder.'
                )
            shape = shape or image.shape
            if image.shape != shape:
                raise UserError(
                    f'the frame {path} is {image.shape[1]}×{image.shape[0]} '
                    f'pixels and the first one {shape[1]}×{shape[0]}; frames '
                    'of a video have one size.'
                )
            yield image


class Camera(Source):
    """Frames of a camera until it stops, or the user does (Ctrl-C).

    Raises:
        UserError: If there is no such camera.
    """

    def __init__(self, index: int) -> None:
        self.name = f'camera{index}'
        self.capture = cv2.VideoCapture(index)
        if not self.capture.isOpened():
            raise UserError(
                f'there is no camera {index}, or it is in use; check its '
                'index, the first is 0.'
            )
        self.fps = _sane_fps(self.capture.get(cv2.CAP_PROP_FPS))

    def __iter__(self) -> Iterator[np.ndarray]:
        """Read until nothing more comes."""
        return _read(self.capture)


def open_source(spec: str | Path | int) -> Source:
    """Open a file, a folder of frames, or a camera by its index.

    Raises:
        UserError: If it does not exist or can not be read.
    """
    path = Path(str(spec))
    if path.is_dir():
        return FrameFolder(path)
    if path.is_file():
        return VideoFile(path)
    if str(spec).isdecimal():
        return Camera(int(spec))
    raise UserError(
        f'the input {spec} does not exist; give a video file, a folder of '
        'frames or the index of a camera.'
    )


def _read(capture: cv2.VideoCapture) -> Iterator[np.ndarray]:
    try:
        while True:
            done, image = capture.read()
            if not done:
                return
            yield image
    finally:
        capture.release()


def _images(folder: Path) -> list[Path]:
    found = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in IMAGE_SUFFIXES
    ]
    return sorted(found, key=lambda path: _natural(path.name))


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort key in which frame 10 comes after frame 9."""
    parts = re.findall(r'\d+|\D+', name)
    return [(int(p), '') if p.isdecimal() else (-1, p) for p in parts]


def _sane_fps(value: float) -> float:
    """Containers claim 0, NaN or 90000 where they do not know."""
    return float(value) if 0.1 <= value <= 480 else DEFAULT_FPS
