"""The transforms of testing, for frames without labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

#: What a test pipeline may load; here frames are in memory already.
LOADERS = ('mmvmtl.LoadVideoFrames', 'LoadVideoFrames')


def inference_pipeline(
    config: dict, input_size: tuple[int, int] | None
) -> list[dict]:
    """Configs of the transforms a frame passes before the network.

    Those of the config's test data; for a config without any, a resize into
    the input size (h, w) that keeps the aspect ratio.
    """
    steps = pipeline_of(config.get('test_dataloader') or {})
    if steps is None:
        scale = tuple(input_size)[::-1]
        steps = [
            {'type': 'mmvmtl.ClipResize', 'scale': scale},
            {'type': 'mmvmtl.PackVideoInputs'},
        ]
    rest = [step for step in steps if step['type'] not in LOADERS]
    return [{'type': LOADERS[0]}, *rest]


def pipeline_of(node: dict) -> list[dict] | None:
    """The pipeline of a data set, inside whatever wraps it.

    Of several data sets it is the first one's.
    """
    if node.get('pipeline'):
        return list(node['pipeline'])
    parts = node.get('datasets') or ()
    if isinstance(parts, Mapping):
        # Of a JoinedDataset; None is one that a config takes out.
        parts = [part for part in parts.values() if part is not None]
    inner = node.get('dataset') or next(iter(parts), None)
    return None if inner is None else pipeline_of(inner)


def frame_dict(
    image: np.ndarray, number: int, video_id: int = 0
) -> dict[str, Any]:
    """The frame dict of an unlabelled frame; ``number`` from 0."""
    height, width = image.shape[:2]
    return {
        'img': image,
        'img_path': None,
        'img_id': number,
        'video_id': video_id,
        'frame_id': number,
        'height': height,
        'width': width,
        # The end of a stream is not known before it comes.
        'video_length': None,
        'is_first': number == 0,
        'gt_bboxes': np.zeros((0, 4), np.float32),
        'gt_bboxes_labels': np.zeros(0, np.int64),
        'gt_instances_ids': np.zeros(0, np.int64),
        'gt_velocities': np.zeros((0, 2), np.float32),
        'gt_visibilities': np.zeros(0, np.float32),
        'gt_ignore_flags': np.zeros(0, bool),
    }
