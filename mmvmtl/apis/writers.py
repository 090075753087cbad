"""Files that appear under their name only when they are complete."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from mmvmtl.apis.results import json_text, mot_lines
from mmvmtl.errors import UserError


class ResultFiles:
    """``<name>.mp4``, ``<name>.txt`` and ``<name>.json`` of one video.

    While they grow they are called ``<name>.partial.<ending>``; they are
    renamed when the ``with`` block ends without an exception. So whatever
    kills the program, a name without ``partial`` is a whole file. Nothing
    is kept in memory: a camera may run for days.

    Args:
        folder (Path): An existing folder.
        name (str): Of the video.
        fps (float): Of the annotated video.
        head (dict): What the JSON begins with.
        video (bool): Whether an annotated video is wanted.
    """

    def __init__(
        self, folder: Path, name: str, fps: float, head: dict, video: bool
    ) -> None:
        endings = (['mp4'] if video else []) + ['txt', 'json']
        self.final = {e: folder / f'{name}.{e}' for e in endings}
        self.partial = {e: folder / f'{name}.partial.{e}' for e in endings}
        self.fps = fps
        self.head = head
        self.tail: dict = {}
        self._video: cv2.VideoWriter | None = None
        self._frames = 0

    def __enter__(self) -> ResultFiles:
        """Open the partial files."""
        self._mot = self.partial['txt'].open('w', encoding='utf-8')
        self._json = self.partial['json'].open('w', encoding='utf-8')
        opening = json_text(self.head)[:-1]
        comma = ', ' if self.head else ''
        self._json.write(f'{opening}{comma}"frames": [')
        return self

    def add(self, record: Mapping, picture: np.ndarray | None) -> None:
        """Add a frame's record, and its drawn picture, uint8 BGR."""
        self._json.write(',\n' if self._frames else '\n')
        self._json.write(json_text(record))
        for line in mot_lines(record):
            self._mot.write(line + '\n')
        self._frames += 1
        if picture is not None:
            self._write_picture(picture)

    def _write_picture(self, picture: np.ndarray) -> None:
        # Half the players refuse a video of odd width or height.
        height, width = (side - side % 2 for side in picture.shape[:2])
        if self._video is None:
            path = str(self.partial['mp4'])
            code = cv2.VideoWriter.fourcc(*'mp4v')
            self._video = cv2.VideoWriter(
                path, code, self.fps, (width, height)
            )
            if not self._video.isOpened():
                raise UserError(
                    f'the video {path} can not be written; check the disk, '
                    'or leave it out with --no-video.'
                )
        self._video.write(np.ascontiguousarray(picture[:height, :width]))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the files; rename them if all went well."""
        if kind is None:
            tail = json_text(self.tail)[1:]
            comma = ', ' if self.tail else ''
            self._json.write(f'\n]{comma}{tail}\n')
        self._json.close()
        self._mot.close()
        if self._video is not None:
            self._video.release()
        if kind is None:
            for ending, path in self.partial.items():
                os.replace(path, self.final[ending])
