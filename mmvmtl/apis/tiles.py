"""Frames side by side in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from mmvmtl.datasets.synthetic.world import make_world
from mmvmtl.errors import UserError

#: Pixels of the line with the name above a picture, and between pictures.
HEAD, GAP = 24, 4


def world_frame(
    knobs: dict, video: int, frame: int
) -> tuple[np.ndarray, dict]:
    """A frame of split val of the synthetic world, and its ground truth.

    Args:
        knobs (dict): Arguments of ``SyntheticWorld``.
        video (int): Its number, at least 0.
        frame (int): From 0.

    Returns:
        tuple: (H, W, 3) uint8 BGR, and what ``SyntheticVideo.frame`` tells.

    Raises:
        UserError: There is no such video or frame.
    """
    if video < 0:
        raise UserError(f'video {video} must be at least 0.')
    made = make_world(knobs, 'val').video(video)
    if not 0 <= frame < made.length:
        raise UserError(
            f'--frame {frame}: video {video} has the frames 0 to '
            f'{made.length - 1}.'
        )
    return made.frame(frame)


def titled(image: np.ndarray, name: str) -> np.ndarray:
    """The picture below a white line with its name."""
    head = np.full((HEAD, image.shape[1], 3), 255, np.uint8)
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(head, name, (4, 17), font, 0.55, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([head, image])


def grid(tiles: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Pictures of one size row by row, white where there is none."""
    height, width = tiles[0].shape[:2]
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    shape = (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3)
    whole = np.full(shape, 255, np.uint8)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        y, x = row * (height + GAP), column * (width + GAP)
        whole[y : y + height, x : x + width] = tile
    return whole


def write_picture(picture: np.ndarray, path: Path) -> None:
    """Write (H, W, 3) uint8 BGR, and say where.

    Raises:
        UserError: The name is not that of a picture.
    """
    try:
        done = cv2.imwrite(str(path), picture)
    except cv2.error:
        done = False
    if not done:
        raise UserError(f'{path} can not be written; name a .png file.')
    print(f'wrote {path}')
