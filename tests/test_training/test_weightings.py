"""Every weighting in a real Runner: logging, stopping and going on."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.runner import Runner
from small_training import small_training
from weightings import STEPPED, TASKS, WEIGHTINGS, config


def run(name, work_dir, epochs, **changes):
    """Train two batches an epoch; return what the last checkpoint holds."""
    cfg = small_training(work_dir, epochs)
    cfg.default_hooks.logger.interval = 1
    cfg.merge_from_dict({
        'model.loss': config(name),
        'val_dataloader': None,
        'val_cfg': None,
        'val_evaluator': None,
        **changes,
    })  # fmt: skip
    cfg.experiment_name = f'{work_dir}-{name}-{epochs}-{len(changes)}'
    Runner.from_cfg(cfg).train()
    path = Path(work_dir) / f'epoch_{epochs}.pth'
    return torch.load(path, weights_only=False)['state_dict']


@pytest.mark.parametrize('name', WEIGHTINGS)
def test_stopping_and_going_on_equals_not_stopping(name, tmp_path):
    """Bitwise: what the weighting remembers, and so the network."""
    whole = run(name, tmp_path / 'straight', 2)
    run(name, tmp_path / 'broken', 1)
    resumed = run(name, tmp_path / 'broken', 2, resume=True)
    assert whole.keys() == resumed.keys()
    for key, value in whole.items():
        assert torch.equal(value, resumed[key]), key
    if name in STEPPED:
        # No forward has seen the fourth step yet.
        assert whole['weighting.clock'] != 0
        assert whole['weighting.pending_count'].tolist() == [1, 1, 1]


def test_state_moves_once_for_accumulated_batches(tmp_path):
    """Six batches are three steps; FAMO has compared the first two."""
    changes = {'optim_wrapper.accumulative_counts': 2}
    state = run('FAMO', tmp_path, 3, **changes)
    assert state['weighting.updates'].tolist() == [1, 1, 1]
    assert state['weighting.pending_count'].tolist() == [2, 2, 2]


@pytest.mark.parametrize('name', ['UncertaintyWeighting', 'FAMO'])
def test_weights_are_logged_and_explain_the_loss(name, tmp_path):
    """In the first row, before losses are averaged over the log's window."""
    run(name, tmp_path, 1)
    (path,) = tmp_path.glob('*/vis_data/scalars.json')
    row = json.loads(path.read_text().splitlines()[0])
    weights = {task: row[f'weight.{task}'] for task in TASKS}
    total = sum(
        weights[key.split('.')[0]] * value
        for key, value in row.items()
        if '.loss' in key
    )
    assert row['loss'] == pytest.approx(total, rel=1e-4)
    assert sum(weights.values()) == pytest.approx(3)
