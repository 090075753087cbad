"""Read and check the boxes of one video of a CocoVID file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mmvmtl import boxes
from mmvmtl.errors import UserError


class _Labels(Protocol):
    def get(self, label: int | str | None, where: str) -> int: ...


@dataclass
class FrameBoxes:
    """Boxes of all frames of a video, one behind the other.

    Attributes:
        arrays (dict[str, np.ndarray]): N rows each, by frame dict key.
        offsets (np.ndarray): (F + 1,) where the rows of each frame begin.
        tracked (bool): Whether the boxes carry identities.
    """

    arrays: dict[str, np.ndarray]
    offsets: np.ndarray
    tracked: bool


def check_bbox(bbox: list, width: int, height: int, where: str) -> np.ndarray:
    """Check one ``[x, y, w, h]`` and cut it at the border of the image.

    Returns:
        np.ndarray: (4,) xyxy pixels inside the image, area > 0.

    Raises:
        UserError: If the box has a non-finite number, no area, or lies
            wholly outside the image. Partly outside is cut, as ``bbox`` is
            the visible part by contract.
    """
    box = np.array(bbox, np.float64)
    if box.shape != (4,) or not np.isfinite(box).all():
        raise UserError(
            f'{where} has bbox {bbox}, which is not four finite numbers '
            '[x, y, w, h]; correct or remove it.'
        )
    if (box[2:] <= 0).any():
        raise UserError(
            f'{where} has bbox {bbox} without area; correct or remove it.'
        )
    box = boxes.xywh_to_xyxy(box)
    box = np.clip(box, 0, [width, height] * 2)
    if boxes.area(box) <= 0:
        raise UserError(
            f'{where} has bbox {bbox} outside its image of {width}×{height} '
            'pixels; correct or remove it.'
        )
    return box


def _check_numbers(
    annotation: dict, where: str
) -> tuple[float, tuple[float, float]]:
    """Visibility and velocity, NaN where not given."""
    visibility = annotation.get('visibility')
    if visibility is None:
        visibility = np.nan
    elif not 0 <= visibility <= 1:
        raise UserError(
            f'{where} has visibility {visibility}; it must lie in 0..1, or '
            'be left out.'
        )
    velocity = annotation.get('velocity') or (np.nan, np.nan)
    velocity = tuple(np.nan if v is None else float(v) for v in velocity)
    if len(velocity) != 2:
        raise UserError(
            f'{where} has velocity {velocity}; it must be [vx, vy] in pixels '
            'per frame, or be left out.'
        )
    return visibility, velocity


def _check_id(annotation: dict, seen: set, where: str) -> int:
    """Identity of a box, −1 where not given; unique in its frame."""
    identity = annotation.get('instance_id')
    if identity is None:
        return -1
    if not isinstance(identity, int) or not 0 <= identity < 2**63:
        raise UserError(
            f'{where} has instance_id {identity!r}; it must be an integer '
            '≥ 0, or be left out.'
        )
    if identity in seen:
        raise UserError(
            f'{where} repeats instance_id {identity} in image '
            f'{annotation["image_id"]}; an instance occurs once in a frame, '
            'correct or remove one.'
        )
    seen.add(identity)
    return identity


def read_boxes(
    video: dict,
    frames: list[list[dict]],
    maps: Mapping[str, _Labels],
    source: str,
) -> FrameBoxes:
    """Boxes of a video as arrays; those of classes not wanted are left out.

    Args:
        video (dict): Entry of ``videos`` with ``width`` and ``height``.
        frames (list[list[dict]]): The annotations of each frame.
        maps (Mapping[str, LabelMap]): Of 'det' and, for ``track_label``,
            of 'track'.
        source (str): Name of the file, for messages.

    Raises:
        UserError: Of a bad entry, or if only some boxes have identities.
    """
    rows: dict[str, list] = {key: [] for key in DTYPES}
    offsets = [0]
    for of_frame in frames:
        seen: set[int] = set()
        for annotation in of_frame:
            where = f'{source}: annotation {annotation["id"]}'
            label = maps['det'].get(annotation['category_id'], where)
            box = check_bbox(
                annotation['bbox'], video['width'], video['height'], where
            )
            identity = _check_id(annotation, seen, where)
            visibility, velocity = _check_numbers(annotation, where)
            if label < 0:
                continue
            track_label = annotation.get('track_label')
            if track_label is not None and 'track' in maps:
                track_label = maps['track'].get(track_label, where)
            rows['gt_bboxes'].append(box)
            rows['gt_bboxes_labels'].append(label)
            rows['gt_instances_ids'].append(identity)
            rows['gt_velocities'].append(velocity)
            rows['gt_visibilities'].append(visibility)
            rows['gt_ignore_flags'].append(bool(annotation.get('ignore')))
            rows['gt_track_labels'].append(
                -1 if track_label is None else track_label
            )
        offsets.append(len(rows['gt_bboxes']))
    arrays = {
        key: np.array(rows[key], dtype).reshape(-1, *shape)
        for key, (dtype, shape) in DTYPES.items()
    }
    if (arrays['gt_track_labels'] < 0).all():
        del arrays['gt_track_labels']
    tracked = _check_tracked(arrays, video, source)
    return FrameBoxes(arrays, np.array(offsets), tracked)


#: Type and shape of a row, by frame dict key.
DTYPES = {
    'gt_bboxes': (np.float32, (4,)),
    'gt_bboxes_labels': (np.int64, ()),
    'gt_instances_ids': (np.int64, ()),
    'gt_velocities': (np.float32, (2,)),
    'gt_visibilities': (np.float32, ()),
    'gt_ignore_flags': (np.bool_, ()),
    'gt_track_labels': (np.int64, ()),
}


def _check_tracked(arrays: dict, video: dict, source: str) -> bool:
    known = arrays['gt_instances_ids'] >= 0
    counted = known[~arrays['gt_ignore_flags']]
    if counted.any() and not counted.all():
        raise UserError(
            f'{source}: {(~counted).sum()} of {len(counted)} annotations of '
            f'video {video["name"]!r} have no instance_id; give one to each, '
            'or leave it out of all.'
        )
    return bool(counted.all())
