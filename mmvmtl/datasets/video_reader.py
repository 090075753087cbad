"""Random access to the frames of video files, a few kept open per process."""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path

import cv2
import numpy as np

from mmvmtl.errors import UserError

#: Reading on is cheaper than a seek, and exact, up to about a GOP ahead.
MAX_SKIP = 64
MAX_OPEN = 4


class VideoReader:
    """Frames of one video file by their number, from 0.

    Frames are numbered in the order in which they decode. A jump backwards
    or far ahead seeks; as containers lie about positions, a seek that OpenCV
    does not confirm is replaced by reading from the start.

    Args:
        path (str): A local video file.

    Raises:
        UserError: If the file is missing or not a video.
    """

    def __init__(self, path: str) -> None:
        if not Path(path).is_file():
            raise UserError(
                f'the video {path} does not exist; check data_root, '
                'data_prefix and the file_name in the annotation file.'
            )
        self.path = path
        self._open()

    def _open(self) -> None:
        self.capture = cv2.VideoCapture(self.path)
        if not self.capture.isOpened():
            raise UserError(
                f'the video {self.path} can not be opened; it is damaged or '
                'of a format OpenCV does not read, re-encode it.'
            )
        self.next = 0

    def close(self) -> None:
        """Release the file."""
        self.capture.release()

    def _go_to(self, number: int) -> None:
        if not 0 <= number - self.next <= MAX_SKIP:
            self.capture.set(cv2.CAP_PROP_POS_FRAMES, number)
            self.next = round(self.capture.get(cv2.CAP_PROP_POS_FRAMES))
            if self.next != number:
                self.close()
                self._open()
        while self.next < number:
            if not self.capture.grab():
                raise self._truncated(number)
            self.next += 1

    def read(self, number: int) -> np.ndarray:
        """Decode frame ``number`` as uint8 (H, W, 3) BGR.

        Raises:
            UserError: If the file ends before, or the frame is damaged.
        """
        self._go_to(number)
        done, image = self.capture.read()
        if not done:
            raise self._truncated(number)
        self.next += 1
        return image

    def _truncated(self, number: int) -> UserError:
        claimed = int(self.capture.get(cv2.CAP_PROP_FRAME_COUNT))
        return UserError(
            f'the video {self.path} has no decodable frame {number} (from '
            f'0; its header claims {claimed} frames): it is truncated or '
            'damaged, re-encode it or leave these frames out of the '
            'annotation file.'
        )


_readers: OrderedDict[tuple[int, str], VideoReader] = OrderedDict()


def read_frame(path: str, number: int) -> np.ndarray:
    """Decode one frame of a video file; see :meth:`VideoReader.read`.

    The last ``MAX_OPEN`` files stay open, separately in each process: a
    capture inherited by a forked worker would share its file position.
    """
    key = os.getpid(), path
    reader = _readers.pop(key, None) or VideoReader(path)
    try:
        image = reader.read(number)
    except UserError:
        reader.close()
        raise
    _readers[key] = reader
    while len(_readers) > MAX_OPEN:
        _readers.popitem(last=False)[1].close()
    return image
