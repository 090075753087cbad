"""What every transform of a clip shares: geometry of a frame's labels."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from mmcv.transforms import BaseTransform

from mmvmtl import boxes

#: Every per-box array of a frame; a filter of boxes applies to all of them.
BOX_KEYS = (
    'gt_bboxes',
    'gt_bboxes_labels',
    'gt_instances_ids',
    'gt_velocities',
    'gt_visibilities',
    'gt_ignore_flags',
    'gt_track_labels',
)


def affine_frame(frame: dict, matrix: np.ndarray) -> None:
    """Apply an affine map to the labels of a frame, in place.

    A box becomes the upright box around its four mapped corners; a velocity
    is mapped by the linear part alone. NaN velocities stay NaN.

    Args:
        frame (dict): A frame dict with ``gt_bboxes`` (N, 4) in xyxy pixels
            and ``gt_velocities`` (N, 2) in pixels per frame.
        matrix (np.ndarray): (2, 3), maps (x, y, 1) to (x', y'), where pixel
            i covers the interval [i, i + 1).
    """
    matrix = np.asarray(matrix, np.float64)
    linear, shift = matrix[:, :2], matrix[:, 2]
    corners = frame['gt_bboxes'][:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
    corners = corners @ linear.T + shift
    low, high = corners.min(1), corners.max(1)
    frame['gt_bboxes'] = np.concatenate([low, high], 1).astype(np.float32)
    velocities = frame['gt_velocities'] @ linear.T
    frame['gt_velocities'] = velocities.astype(np.float32)


def keep_boxes(frame: dict, keep: np.ndarray) -> None:
    """Keep the boxes of a frame chosen by a mask (N,) bool, in place."""
    for key in BOX_KEYS:
        if key in frame:
            frame[key] = frame[key][keep]


def clip_frame(frame: dict, size: tuple[int, int], min_part: float) -> None:
    """Cut the boxes of a frame at the border of the image, in place.

    A visibility shrinks with the part of the box that is left. A velocity
    is that of the whole box and does not change.

    Args:
        frame (dict): A frame dict.
        size (tuple[int, int]): (h, w) of the image in pixels.
        min_part (float): Boxes of which less than this part (0..1) of the
            area is left are dropped, but for ignored regions; boxes left
            without area always are.
    """
    before = boxes.area(frame['gt_bboxes'])
    limit = np.array([size[1], size[0]] * 2, np.float32)
    frame['gt_bboxes'] = np.clip(frame['gt_bboxes'], 0, limit)
    after = boxes.area(frame['gt_bboxes'])
    part = np.divide(after, before, out=np.zeros_like(after), where=after > 0)
    visibilities = frame['gt_visibilities'] * part
    frame['gt_visibilities'] = visibilities.astype(np.float32)
    # Of a region to look away from, every part counts.
    enough = (part >= min_part) | frame['gt_ignore_flags'].astype(bool)
    keep_boxes(frame, (part > 0) & enough)


class ClipTransform(BaseTransform):
    """A transform that treats all frames of a clip alike.

    Subclasses draw their random numbers once in :meth:`draw` and apply them
    to each frame in :meth:`apply`, so objects keep moving as they did.
    """

    def draw(self, clip: dict) -> object:
        """Random parameters of this clip; None leaves the clip as it is."""
        return ()

    @abstractmethod
    def apply(self, frame: dict, params: object) -> None:
        """Change one frame dict in place."""

    def transform(self, results: dict) -> dict:
        """Apply the same draw to every frame of the clip dict."""
        params = self.draw(results)
        if params is not None:
            for frame in results['frames']:
                self.apply(frame, params)
        return results
