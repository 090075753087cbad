"""A small meta-learning in a Runner, by one process or by two.

RANK=0 WORLD_SIZE=2 python tests/helpers/meta_training.py <store> <out>
"""

from __future__ import annotations

import os
import tempfile

from mmengine.config import Config
from mmengine.runner import Runner
from small_model import without_batch_statistics
from small_training import dataset, loader, small_training
from torch import Tensor
from two_ranks import run_as_rank

HEAD = ['head.heads.det.bbox_head.rtm_cls']


def meta_cfg(work_dir, iterations: int = 2, **loop) -> Config:
    """Detection of two classes from episodes; ``loop``: of the train loop."""
    cfg = small_training(work_dir)
    heads = cfg.model.head.heads
    heads.cls = heads.track = None
    cfg.model.loss.weights = dict(det=1.0)
    cfg.model.tracker = None
    heads.det.bbox_head.num_classes = 2
    episodes = dict(
        type='mmvmtl.EpisodeDataset',
        domains=dict(day=dataset('train', 40, clip=dict(length=1))),
        shots=2,
        queries=2,
        episodes=8,
        ways=2,
    )
    cfg.train_dataloader = loader(
        episodes, 2, dict(type='InfiniteSampler', shuffle=False)
    )
    cfg.train_cfg = dict(
        type='mmvmtl.MetaTrainLoop',
        max_iters=iterations,
        **{**dict(method='ANIL', lr=0.1, steps=2, parts=HEAD), **loop},
    )
    cfg.default_hooks.checkpoint = dict(
        type='CheckpointHook', by_epoch=False, interval=1
    )
    cfg.custom_hooks = []
    cfg.log_processor = dict(by_epoch=False)
    for key in ('val_dataloader', 'val_evaluator', 'val_cfg'):
        cfg[key] = None
    return cfg


def run(cfg: Config, name: str) -> Runner:
    """Train, under a name that no other run has."""
    cfg.experiment_name = f'{cfg.work_dir}-{name}'
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


def meta_trained(episodes: int) -> dict[str, Tensor]:
    """Parameters after two iterations over so many episodes on this rank."""
    with tempfile.TemporaryDirectory() as folder:
        cfg = meta_cfg(folder, method='FOMAML', parts=None, lr=0.01)
        # Its gradients are large, and its losses counted over ranks.
        model = without_batch_statistics()
        model.head.heads.update(cls=None, track=None)
        model.head.heads.det.bbox_head.num_classes = 2
        model.loss, model.tracker = cfg.model.loss, None
        model.data_preprocessor = cfg.model.data_preprocessor
        cfg.model = model
        cfg.train_dataloader.batch_size = episodes
        # Plain gradients: Adam's first step is a sign.
        cfg.optim_wrapper.optimizer = dict(type='SGD', lr=0.1)
        trained = run(cfg, os.environ.get('RANK', 'one')).model
    return {k: v.detach().clone() for k, v in trained.named_parameters()}


if __name__ == '__main__':
    run_as_rank(lambda rank: meta_trained(episodes=1))
