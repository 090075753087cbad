"""The synthetic world as files: CocoVID json with frames or mp4 videos."""

import json
import os
import tempfile
from pathlib import Path

import cv2
import numpy as np

from mmvmtl.datasets.synthetic.motion import MAX_LENGTH, MOTIONS
from mmvmtl.datasets.synthetic.shapes import CLASSES
from mmvmtl.datasets.synthetic.world import SyntheticVideo, SyntheticWorld
from mmvmtl.errors import UserError

FORMATS = ('jpg', 'png', 'mp4')
_FPS = 15


def video_name(video: SyntheticVideo) -> str:
    """Name of a video: split, seed and number."""
    return f'{video.world.split}_{video.world.seed}_{video.index:06d}'


def write_world(
    world: SyntheticWorld, num_videos: int, folder: str | Path, kind: str
) -> Path:
    """Write the first videos of a world.

    Pictures lie in ``<folder>/<split>/``; the annotations, written last, name
    them relative to ``folder``.

    Args:
        world (SyntheticWorld): What to write.
        num_videos (int): How many videos, from index 0.
        folder (str | Path): Created if need be.
        kind (str): 'jpg' or 'png' frames, or 'mp4' videos.

    Returns:
        Path: ``<folder>/annotations/<split>.json``.

    Raises:
        UserError: If the folder can not be written, or of another ``kind``.
    """
    if kind not in FORMATS:
        raise UserError(f'the format {kind!r} is none of {FORMATS}.')
    folder = Path(folder)
    target = folder / 'annotations' / f'{world.split}.json'
    content = dict(
        videos=[],
        images=[],
        annotations=[],
        categories=[
            dict(id=i + 1, name=name) for i, name in enumerate(CLASSES)
        ],
        tasks=dict(cls=list(MOTIONS)),
    )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        (folder / world.split).mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=folder / world.split):
            pass
        for index in range(num_videos):
            _write_video(world.video(index), folder, kind, content)
        partial = target.with_suffix('.json.partial')
        partial.write_text(json.dumps(content))
        os.replace(partial, target)
    except OSError as error:
        raise UserError(
            f'the folder {folder} can not be written '
            f'({error.strerror or error}); choose another one.'
        ) from None
    return target


def _write_video(
    video: SyntheticVideo, folder: Path, kind: str, content: dict
) -> None:
    width, height = video.world.size
    name = video_name(video)
    place = Path(video.world.split) / name
    record = dict(
        id=video.index,
        name=name,
        width=width,
        height=height,
        fps=_FPS,
        length=video.length,
        clip_label=video.clip_label,
        domain=video.style,
    )
    frames = []
    if kind == 'mp4':
        record['file_name'] = f'{place}.mp4'
    else:
        (folder / place).mkdir(exist_ok=True)
    content['videos'].append(record)
    for t in range(video.length):
        image, truth = video.frame(t)
        file_name = None
        if kind == 'mp4':
            frames.append(image)
        else:
            file_name = f'{place}/{t:06d}.{kind}'
            _write_image(folder / file_name, image)
        image_id = video.index * MAX_LENGTH + t
        content['images'].append(
            dict(
                id=image_id,
                video_id=video.index,
                frame_id=t,
                file_name=file_name,
                width=width,
                height=height,
            )
        )
        _add_annotations(truth, video.index, image_id, content['annotations'])
    if frames:
        _write_mp4(folder / record['file_name'], frames)


def _add_annotations(
    truth: dict[str, np.ndarray], video_id: int, image_id: int, rows: list
) -> None:
    for k, (x1, y1, x2, y2) in enumerate(truth['bboxes'].tolist()):
        row = dict(
            id=len(rows) + 1,
            image_id=image_id,
            video_id=video_id,
            category_id=int(truth['labels'][k]) + 1,
            bbox=[x1, y1, x2 - x1, y2 - y1],
            area=(x2 - x1) * (y2 - y1),
            instance_id=int(truth['instances_ids'][k]),
            visibility=float(truth['visibilities'][k]),
        )
        velocity = truth['velocities'][k]
        if np.isfinite(velocity).all():
            row['velocity'] = velocity.tolist()
        rows.append(row)


def _write_image(path: Path, image: np.ndarray) -> None:
    done, code = cv2.imencode(path.suffix, image)
    if not done:
        raise OSError(f'OpenCV can not encode {path.name}')
    path.write_bytes(code.tobytes())


def _write_mp4(path: Path, frames: list[np.ndarray]) -> None:
    height, width = frames[0].shape[:2]
    code = cv2.VideoWriter_fourcc(*'mp4v')
    writer = cv2.VideoWriter(str(path), code, _FPS, (width, height))
    if not writer.isOpened():
        raise OSError(f'OpenCV can not write {path.name}')
    for frame in frames:
        writer.write(frame)
    writer.release()
