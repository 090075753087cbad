"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# The tests are of the CPU: equal to the bit, and two processes by gloo.
os.environ['CUDA_VISIBLE_DEVICES'] = ''


@pytest.fixture(scope='session')
def shared_data() -> Path:
    """The folder of real data beside the project; skip where it is absent."""
    beside = Path(__file__).parents[1] / '..' / 'shared' / 'data'
    folder = Path(os.environ.get('MMVMTL_SHARED', beside))
    if not folder.is_dir():
        pytest.skip(
            f'no real data at {folder}; point MMVMTL_SHARED to the folder'
        )
    return folder.resolve()


#: Changes of the default network that make it small and quick.
TINY_MODEL = {
    'data_preprocessor.input_size': (64, 64),
    'head.heads.det.test_cfg.score_thr': 0.0,
    'head.heads.track.score_thr': 0.0,
    'head.heads.det.test_cfg.nms_pre': 20,
    'head.heads.det.test_cfg.max_per_img': 4,
    # An untrained network's scores are near 0.01: follow them all the same.
    'tracker': dict(
        type='mmvmtl.VideoTracker',
        scores=dict(high=0.0, low=None, new=0.0),
    ),
}


@pytest.fixture(scope='session')
def tiny_config() -> dict:
    """Config, as plain data, of a small untrained network for 64×64."""
    from mmengine.config import Config

    path = Path(__file__).parents[1] / 'configs/_base_/models'
    cfg = Config.fromfile(path / 'video_mtl_rtmdet_tiny.py')
    for key, value in TINY_MODEL.items():
        cfg.merge_from_dict({f'model.{key}': value})
    return cfg.to_dict()


@pytest.fixture(scope='session')
def tiny_checkpoint(tiny_config, tmp_path_factory) -> Path:
    """A checkpoint of that network, as our training writes it."""
    import torch
    from mmengine.config import ConfigDict
    from mmengine.registry import MODELS, init_default_scope

    init_default_scope('mmdet')
    torch.manual_seed(0)
    model = MODELS.build(ConfigDict(tiny_config['model']))
    model.init_weights()
    for conv in model.head.heads['det'].bbox_head.rtm_reg:
        # Untrained distances to a box's sides are as often negative.
        torch.nn.init.ones_(conv.bias)
    names = ['drift', 'converge', 'disperse', 'rotate', 'wander']
    shapes = ['disc', 'square', 'triangle', 'star', 'cross']
    ours = dict(
        version='0',
        config=tiny_config,
        classes=dict(det=shapes, cls=names),
        input_size=[64, 64],
    )
    path = tmp_path_factory.mktemp('checkpoint') / 'tiny.pth'
    torch.save(
        {'meta': {'mmvmtl': ours}, 'state_dict': model.state_dict()}, path
    )
    return path
