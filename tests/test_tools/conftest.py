"""Run the tools in this process, on a small data set."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='session')
def tool() -> Callable:
    """Give the ``main`` of a tool by name."""

    def load(name: str) -> Callable:
        path = ROOT / 'tools' / f'{name}.py'
        spec = importlib.util.spec_from_file_location(f'tool_{name}', path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.main

    return load


class TinyRun(NamedTuple):
    """A config file and what its data set is made of; change, then write."""

    folder: Path
    content: dict
    settings: dict

    def write(self) -> str:
        """Write annotations and config; return the config's path."""
        annotations = self.folder / 'annotations.json'
        annotations.write_text(json.dumps(self.content))
        base = ROOT / 'configs/_base_'
        lines = [
            '_base_ = ['
            f'{str(base / "models/video_mtl_rtmdet_tiny.py")!r}, '
            f'{str(base / "default_runtime.py")!r}]'
        ]
        lines += [f'{key} = {value!r}' for key, value in self.settings.items()]
        path = self.folder / 'tiny_run.py'
        path.write_text('\n'.join(lines))
        return str(path)


def _content() -> dict:
    images, annotations = [], []
    for frame in range(4):
        images.append(
            dict(
                id=frame, video_id=0, frame_id=frame, file_name=f'{frame}.png'
            )
        )
        annotations += [
            dict(
                id=2 * frame + i,
                image_id=frame,
                video_id=0,
                category_id=1,
                instance_id=i,
                bbox=[10 + 20 * i + frame, 10, 12, 12],
            )
            for i in range(2)
        ]
    return dict(
        videos=[
            dict(id=0, name='v', width=64, height=64, length=4, clip_label='a')
        ],
        images=images,
        annotations=annotations,
        categories=[dict(id=1, name='disc')],
        tasks=dict(cls=['a', 'b']),
    )


@pytest.fixture
def tiny_run(tmp_path, tiny_config) -> TinyRun:
    """One video of 4 frames with 2 objects, trained on for one epoch."""
    rng = np.random.default_rng(0)
    for frame in range(4):
        image = rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / f'{frame}.png'), image)
    dataset = dict(
        type='mmvmtl.VideoMTLDataset',
        data_root=str(tmp_path),
        ann_file='annotations.json',
        clip=dict(length=2),
        pipeline=[
            dict(type='mmvmtl.LoadVideoFrames'),
            dict(type='mmvmtl.PackVideoInputs'),
        ],
    )
    heads = dict(
        det=dict(bbox_head=dict(num_classes=1)), cls=dict(num_classes=2)
    )
    loader = dict(
        batch_size=2,
        num_workers=0,
        collate_fn=dict(type='pseudo_collate'),
        sampler=dict(type='DefaultSampler', shuffle=True),
        dataset=dataset,
    )
    test_dataset = {**dataset, 'test_mode': True, 'chunk': 2}
    test_dataset.pop('clip')
    test_loader = dict(
        batch_size=1,
        num_workers=0,
        collate_fn=dict(type='pseudo_collate'),
        sampler=dict(type='mmvmtl.VideoSampler'),
        dataset=test_dataset,
    )
    preprocessor = dict(input_size=(64, 64))
    settings = dict(
        model=dict(data_preprocessor=preprocessor, head=dict(heads=heads)),
        train_dataloader=loader,
        train_cfg=dict(by_epoch=True, max_epochs=1),
        optim_wrapper=dict(
            type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-3)
        ),
        test_dataloader=test_loader,
        test_cfg=dict(),
        test_evaluator=[
            dict(type='mmvmtl.VideoDetMetric'),
            dict(type='mmvmtl.MOTMetric'),
        ],
        work_dir=str(tmp_path / 'work_dir'),
    )
    return TinyRun(tmp_path, _content(), settings)


@pytest.fixture
def frames_folder(tmp_path) -> Path:
    """Six frames in which a bright square moves."""
    folder = tmp_path / 'frames'
    folder.mkdir()
    for i in range(6):
        image = np.full((48, 64, 3), 60, np.uint8)
        cv2.rectangle(
            image, (4 + 5 * i, 10), (20 + 5 * i, 30), (0, 200, 0), -1
        )
        cv2.imwrite(str(folder / f'{i}.png'), image)
    return folder


@pytest.fixture(autouse=True)
def fresh_mmengine():
    """Forget the instances MMEngine keeps by name, such as its loggers.

    They hold the standard output of the test that made them.
    """
    from mmengine.logging import MessageHub, MMLogger
    from mmengine.visualization import Visualizer

    for kept in (MMLogger, MessageHub, Visualizer):
        kept._instance_dict.clear()
