"""A small CocoVID file with all that is ordinary, and a clip dict."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

GAPPY = (0, 1, 2, 5, 6, 7)


def picture(number: int, height: int, width: int) -> np.ndarray:
    """A picture whose grey level tells its number."""
    return np.full((height, width, 3), 20 * number + 10, np.uint8)


def make_content() -> dict:
    """Video 0 with gaps and id 0, video 7 without objects, an mp4."""
    content = dict(
        videos=[
            dict(id=0, name='gappy', width=40, height=30, clip_label=1),
            dict(id=7, name='empty', width=32, height=48),
            dict(
                id=3, name='film', width=64, height=48, file_name='film.mp4',
                clip_label='run',
            ),
        ],
        images=[],
        annotations=[],
        categories=[dict(id=5, name='car'), dict(id=9, name='bus')],
        tasks=dict(cls=['sit', 'walk', 'run']),
    )  # fmt: skip
    for video, frames in ((0, GAPPY), (7, (0, 1)), (3, range(5))):
        for frame in frames:
            name = None if video == 3 else f'{video}/{frame:03d}.png'
            content['images'].append(
                dict(
                    id=100 * video + frame, video_id=video, frame_id=frame,
                    file_name=name,
                )
            )  # fmt: skip
    for frame in GAPPY:
        content['annotations'].append(
            dict(
                id=frame, image_id=frame, video_id=0, category_id=5,
                bbox=[2 + frame, 3, 10, 8], instance_id=0, visibility=1,
                velocity=[1, 0],
            )
        )  # fmt: skip
    content['annotations'].append(
        dict(
            id=50, image_id=2, video_id=0, category_id=9,
            bbox=[30, 20, 20, 5], instance_id=2**45,
        )
    )  # fmt: skip
    content['annotations'].append(
        dict(
            id=51, image_id=300, video_id=3, category_id=9,
            bbox=[1, 1, 5, 5], instance_id=1, ignore=True,
        )
    )  # fmt: skip
    return content


def write_film(path: Path, frames: int = 5) -> None:
    """An mp4 of 64×48 with those pictures."""
    code = cv2.VideoWriter_fourcc(*'mp4v')
    writer = cv2.VideoWriter(str(path), code, 10, (64, 48))
    for number in range(frames):
        writer.write(picture(number % 12, 48, 64))
    writer.release()


@pytest.fixture
def content() -> dict:
    """The annotations, to be broken."""
    return make_content()


@pytest.fixture(scope='session')
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with the pictures and ``ann.json``."""
    root = tmp_path_factory.mktemp('cocovid')
    for video, frames, size in ((0, GAPPY, (30, 40)), (7, (0, 1), (48, 32))):
        (root / 'img' / str(video)).mkdir(parents=True)
        for frame in frames:
            name = root / 'img' / str(video) / f'{frame:03d}.png'
            cv2.imwrite(str(name), picture(frame, *size))
    write_film(root / 'film.mp4')
    (root / 'ann.json').write_text(json.dumps(make_content()))
    return root


@pytest.fixture
def clip() -> dict:
    """A clip dict of three frames of 60×80 with objects moving by (3, −2)."""
    frames = []
    for t in range(3):
        low = np.array([[20, 24], [36, 12]]) + np.outer(t, [3, -2])
        frames.append(
            dict(
                img=np.random.default_rng(t).integers(
                    0, 255, (60, 80, 3), np.uint8
                ),
                img_id=t, video_id=4, frame_id=t, height=60, width=80,
                video_length=3, is_first=t == 0, img_path=None,
                gt_bboxes=np.hstack([low, low + [12, 9]]).astype(np.float32),
                gt_bboxes_labels=np.array([0, 1]),
                gt_instances_ids=np.array([0, 2**45]),
                gt_velocities=np.float32(
                    [[3, -2]] * 2 if t else [[np.nan] * 2] * 2
                ),
                gt_visibilities=np.float32([1, 0.5]),
                gt_ignore_flags=np.array([False, False]),
                ori_shape=(60, 80), img_shape=(60, 80),
                scale_factor=(1.0, 1.0),
            )
        )  # fmt: skip
    return dict(
        frames=frames, video_id=4, video_name='v', labelled=('det', 'track'),
        classes=('a', 'b'), key_frame=1,
    )  # fmt: skip
