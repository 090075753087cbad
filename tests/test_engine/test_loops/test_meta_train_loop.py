"""Meta-learning of a small detector in a real Runner."""

import pytest
import torch
from mmengine.runner import Runner
from small_training import dataset, loader, small_training

from mmvmtl.errors import UserError

HEAD = ['head.heads.det.bbox_head.rtm_cls']


def meta_cfg(work_dir, iterations=2, **loop):
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


def run(cfg, name):
    cfg.experiment_name = f'{cfg.work_dir}-{name}'
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


@pytest.mark.parametrize('method', ['ANIL', 'MAML', 'FOMAML', 'Reptile'])
def test_every_method_trains_our_detector(method, tmp_path):
    """The outer step moves what the method says; statistics stay."""
    parts = dict(ANIL=HEAD, MAML=['neck', 'head']).get(method)
    cfg = meta_cfg(tmp_path, 1, method=method, parts=parts, lr=0.01)
    runner = run(cfg, method)
    before = small_start(cfg)
    moved = {
        name
        for name, value in runner.model.named_parameters()
        if not torch.equal(value, before[name])
    }
    assert 'backbone.stem.0.conv.weight' in moved
    assert f'{HEAD[0]}.0.weight' in moved
    for name, value in runner.model.named_buffers():
        if 'running' in name:
            assert torch.equal(value, before[name]), name


def small_start(cfg):
    """The weights a run of ``cfg`` begins with."""
    fresh = cfg.copy()
    fresh.train_cfg = dict(fresh.train_cfg, max_iters=0)
    fresh.experiment_name = f'{cfg.work_dir}-start'
    runner = Runner.from_cfg(fresh)
    runner.train()
    state = dict(runner.model.named_parameters())
    state.update(runner.model.named_buffers())
    return {name: value.detach().clone() for name, value in state.items()}


def test_a_resumed_run_equals_one_that_never_stopped(tmp_path):
    run(meta_cfg(tmp_path / 'whole', 2), 'whole')
    run(meta_cfg(tmp_path / 'broken', 1), 'first')
    again = meta_cfg(tmp_path / 'broken', 2)
    again.resume = True
    run(again, 'second')
    one, other = (
        torch.load(tmp_path / n / 'iter_2.pth', weights_only=False)
        for n in ('whole', 'broken')
    )
    for name, value in one['state_dict'].items():
        assert torch.equal(value, other['state_dict'][name]), name


@pytest.mark.parametrize(
    ('loop', 'words'),
    [
        (dict(method='ANILL'), "did you mean 'ANIL'"),
        (dict(parts=None), 'name them with parts'),
        (dict(parts=['head.heads.dat']), 'no trainable part'),
        # The backbone's hard sigmoid has no second derivative.
        (dict(method='MAML', parts=None), 'set first_order=True'),
    ],
)
def test_wrong_settings(loop, words, tmp_path):
    with pytest.raises(UserError, match=words) as error:
        run(meta_cfg(tmp_path, 1, **loop), words)
    assert '\n' not in str(error.value)
