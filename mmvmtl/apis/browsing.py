"""Draw packed clips of a data set as pictures."""

from __future__ import annotations

import copy
from pathlib import Path

import cv2
import numpy as np

from mmvmtl.errors import UserError
from mmvmtl.structures import VideoMTLDataSample
from mmvmtl.visualization import FrameArtist
from mmvmtl.visualization.drawing import draw_box
from mmvmtl.visualization.visualizer import as_arrays

GREY = 128, 128, 128
COLUMNS = 4


def in_input_pixels(cfg: dict) -> dict:
    """Copy of a data set's config whose packers leave labels as drawn.

    Testing packs labels in pixels of the original image
    (``original_gt=True``), not in those of the resized frame.
    """
    cfg = copy.deepcopy(cfg)
    todo: list = [cfg]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            if 'original_gt' in node:
                node['original_gt'] = False
            todo.extend(node.values())
        elif isinstance(node, (list, tuple)):
            todo.extend(node)
    return cfg


def draw_clip(packed: dict, metainfo: dict, path: Path) -> None:
    """Draw one clip, frame beside frame, into a picture file.

    Args:
        packed (dict): ``inputs`` uint8 (T, C, H, W) in BGR and
            ``data_samples``, from ``PackVideoInputs``.
        metainfo (dict): Of the data set, with ``classes`` and ``tasks``.
        path (Path): File to write.

    Raises:
        UserError: It is no clip of ours, as of a stock detector.
    """
    sample = packed.get('data_samples')
    if not isinstance(sample, VideoMTLDataSample):
        raise UserError(
            'only clips of mmvmtl.PackVideoInputs can be drawn, and this '
            'pipeline packs something else; browse the data of a config of '
            "ours, or use MMDetection's browse_dataset.py."
        )
    artist = FrameArtist(metainfo.get('classes', ()), trail=0)
    views = []
    for image, frame in zip(packed['inputs'], sample.video_data_samples):
        picture = np.ascontiguousarray(image.numpy().transpose(1, 2, 0))
        for bbox in frame.ignored_instances.bboxes:
            draw_box(picture, bbox.tolist(), GREY)
        boxes = as_arrays(frame.gt_instances)
        banner = _banner(sample, frame, metainfo.get('tasks', {}))
        views.append(artist.draw(picture, boxes, banner))
    blank = np.zeros_like(views[0])
    columns = min(len(views), COLUMNS)
    views += [blank] * (-len(views) % columns)
    rows = [
        np.hstack(views[start : start + columns])
        for start in range(0, len(views), columns)
    ]
    cv2.imwrite(str(path), np.vstack(rows))


def _banner(sample: VideoMTLDataSample, frame: object, tasks: dict) -> str:
    words = [f'{sample.video_name} {frame.frame_id}']
    for holder, field, task in (
        (sample, 'gt_label', 'cls'),
        (frame, 'gt_frame_label', 'frame'),
    ):
        if field in holder:
            label = int(getattr(holder, field))
            names = tasks.get(task, tasks.get('cls', ()))
            words.append(names[label] if label < len(names) else str(label))
    return ' | '.join(words)
