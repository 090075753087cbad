"""A video file that lasts longer than its pictures do."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np


def write_sounding_mkv(path: Path) -> None:
    """10 frames of 64×64 at 10 a second, and a duration of 2 s.

    So long sound makes it; OpenCV then tells 20 frames, as an mkv does not
    store how many there are.
    """
    code = cv2.VideoWriter.fourcc(*'MJPG')
    writer = cv2.VideoWriter(str(path), code, 10, (64, 64))
    for level in range(10):
        writer.write(np.full((64, 64, 3), 20 * level, np.uint8))
    writer.release()
    data = path.read_bytes()
    # The element Duration (0x4489), a float of 8 bytes, in milliseconds.
    start = data.index(b'\x44\x89\x88') + 3
    assert struct.unpack('>d', data[start : start + 8]) == (1000.0,)
    path.write_bytes(data[:start] + struct.pack('>d', 2e3) + data[start + 8 :])
