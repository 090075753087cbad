"""Frames side by side in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from mmvmtl.errors import UserError

#: Pixels of the line with the name above a picture, and between pictures.
HEAD, GAP = 24, 4


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
