"""Small but whole runs: training, evaluation, stopping and going on."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.runner import Runner
from small_training import (
    parameter,
    partial_labels,
    small_training,
)

REPO = Path(__file__).parents[2]
BEST = {
    'track/HOTA': 'greater',
    'det/mAP50': 'greater',
    'reid/rank1': 'greater',
    'cls/clip_top1': 'greater',
    'track/IDSW': 'less',
}


def run(work_dir, epochs=2, **changes):
    cfg = small_training(work_dir, epochs)
    cfg.custom_hooks += [
        dict(type='mmvmtl.RecordHook'),
        dict(type='EMAHook', momentum=0.5),
    ]
    cfg.default_hooks.checkpoint.update(
        max_keep_ckpts=-1, save_best=list(BEST), rule=list(BEST.values())
    )
    cfg.merge_from_dict(changes)
    cfg.experiment_name = f'{work_dir}-{epochs}-{len(changes)}'
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


def record(runner):
    (hook,) = (h for h in runner.hooks if type(h).__name__ == 'RecordHook')
    return hook


@pytest.fixture(scope='module')
def straight(tmp_path_factory):
    return run(tmp_path_factory.mktemp('runs') / 'straight')


def scalars(work_dir):
    (path,) = Path(work_dir).glob('*/vis_data/scalars.json')
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_evaluates_every_task_after_every_epoch(straight):
    evaluated = [row for row in scalars(straight.work_dir) if 'det/mAP' in row]
    assert len(evaluated) == 2
    wanted = {*BEST, 'track/MOTA', 'track/IDF1', 'reid/mAP', 'cls/clip_top1'}
    assert wanted <= set(evaluated[-1])


@pytest.mark.parametrize('key', BEST)
def test_the_best_is_kept_by_any_metric(straight, key):
    found = Path(straight.work_dir).glob(f'best_{key.replace("/", "_")}_*')
    (path,) = found
    rows = [row[key] for row in scalars(straight.work_dir) if key in row]
    pick = max if BEST[key] == 'greater' else min
    assert path.stem.endswith(f'epoch_{rows.index(pick(rows)) + 1}')


def test_ema_is_the_running_mean_of_what_training_saw(straight):
    """m = 0.5: first a copy, then half of it and half of the weights."""
    first, *rest = record(straight).weights
    for weight in rest:
        first = (first + weight) / 2
    saved = torch.load(
        Path(straight.work_dir) / 'epoch_2.pth', weights_only=False
    )
    # mmengine keeps the mean as the model that others load.
    name = 'head.heads.track.embed.weight'
    assert torch.allclose(saved['state_dict'][name], first, atol=1e-7)
    assert not torch.equal(saved['ema_state_dict'][f'module.{name}'], first)


def test_stopping_and_going_on_equals_not_stopping(straight, tmp_path):
    """Bitwise: weights, their mean, and the optimizer's moments."""
    run(tmp_path / 'broken', epochs=1)
    again = run(tmp_path / 'broken', resume=True)
    assert len(record(again).batches) == 2
    whole, resumed = (
        torch.load(Path(r.work_dir) / 'epoch_2.pth', weights_only=False)
        for r in (straight, again)
    )
    for part in ('state_dict', 'ema_state_dict'):
        assert whole[part].keys() == resumed[part].keys()
        for name, value in whole[part].items():
            assert torch.equal(value, resumed[part][name]), name
    states = (w['optimizer']['state'] for w in (whole, resumed))
    for one, other in zip(*(s.values() for s in states), strict=True):
        assert torch.equal(one['exp_avg'], other['exp_avg'])


def test_amp_accumulation_and_partial_labels(tmp_path):
    """Images and clips in one batch, each labelled for other tasks."""
    runner = run(
        tmp_path,
        1,
        **{
            'train_dataloader.dataset': dict(
                _delete_=True, **partial_labels()
            ),
            'train_dataloader.batch_size': 3,
            'val_dataloader': None,
            'val_cfg': None,
            'val_evaluator': None,
            'optim_wrapper.type': 'mmvmtl.AmpOptimWrapper',
            'optim_wrapper.accumulative_counts': 2,
            'default_hooks.checkpoint': None,
        },
    )
    seen = record(runner)
    assert any(
        {length for length, _ in batch} == {1, 3} for batch in seen.batches
    )
    for losses in seen.losses:
        assert all(torch.tensor(list(losses.values())).isfinite())
    # The first of two micro-batches moves nothing, the second all at once.
    assert len(seen.weights) == 2
    assert not torch.equal(*seen.weights)
    moments = runner.optim_wrapper.optimizer.state.values()
    assert all(moment['step'] == 1 for moment in moments)
    assert parameter(runner.model).dtype == torch.float32


def test_train_tool_under_torchrun(tmp_path):
    """Two gloo processes train, evaluate together, and leave one model."""
    cfg = small_training(tmp_path / 'out', 1)
    cfg.default_hooks.checkpoint.update(save_best='track/HOTA', rule='greater')
    cfg.dump(tmp_path / 'config.py')
    done = subprocess.run(
        [sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node=2',
         '--master_port=29531', 'tools/train.py', tmp_path / 'config.py',
         '--launcher=pytorch'],
        cwd=REPO,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    saved = torch.load(tmp_path / 'out/epoch_1.pth', weights_only=False)
    assert not any(name.startswith('module.') for name in saved['state_dict'])
    evaluated = [r for r in scalars(tmp_path / 'out') if 'track/HOTA' in r]
    assert len(evaluated) == 1
