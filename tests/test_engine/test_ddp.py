"""Two gloo processes on CPUs through the real Runner."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from mmengine.config import Config

from mmvmtl.engine.ddp import set_model_wrapper

SCRIPT = """
    import json, os, sys
    from pathlib import Path
    from mmvmtl import compat
    import torch
    from torch import nn
    from mmengine.model import BaseModel
    from mmengine.runner import Runner

    class Line(BaseModel):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(2, 1, bias=False)
            nn.init.ones_(self.linear.weight)

        def forward(self, inputs, data_samples=None, mode='loss'):
            return dict(loss_square=self.linear(inputs).square().mean())

    launcher, batch, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    data = [dict(inputs=torch.tensor([0.1 * i, 0.2])) for i in range(8)]
    runner = Runner(
        model=Line(), work_dir=out, launcher=launcher,
        train_dataloader=dict(
            dataset=data, batch_size=batch,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='default_collate')),
        train_cfg=dict(by_epoch=True, max_epochs=2),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_hooks=dict(logger=None, checkpoint=None),
        cfg=dict(model_wrapper_cfg=dict(
            type='mmvmtl.DistributedDataParallel')),
    )
    runner.train()
    model = getattr(runner.model, 'module', runner.model)
    rank = os.environ.get('RANK', '0')
    Path(out, f'{rank}.json').write_text(json.dumps(
        [type(runner.model).__name__, model.linear.weight.tolist()]))
"""


def train(tmp_path: Path, launcher: str, batch: int) -> list:
    """Train in one process or two; return each rank's result."""
    script = tmp_path / 'train.py'
    script.write_text(textwrap.dedent(SCRIPT))
    out = tmp_path / launcher
    start = [sys.executable]
    if launcher == 'pytorch':
        start += ['-m', 'torch.distributed.run', '--nproc_per_node=2',
                  '--master_port=29517']  # fmt: skip
    done = subprocess.run(
        [*start, str(script), launcher, str(batch), str(out)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(path.read_text()) for path in out.glob('?.json')]


def test_two_processes_equal_one_with_the_joined_batch(tmp_path):
    """nccl, MMEngine's default, is replaced; device ids are dropped."""
    (_, single), *_ = train(tmp_path, 'none', 4)
    (name, first), (_, second) = train(tmp_path, 'pytorch', 2)
    assert name == 'DistributedDataParallel'
    assert first == second
    assert first[0] == pytest.approx(single[0], abs=1e-6)
    assert single[0] != [1.0, 1.0]


def test_the_default_wrapper_becomes_ours_and_keeps_the_runner_key():
    cfg = Config(dict(find_unused_parameters=True))
    set_model_wrapper(cfg)
    assert cfg.model_wrapper_cfg.type == 'mmvmtl.DistributedDataParallel'
    assert cfg.model_wrapper_cfg.find_unused_parameters


def test_a_wrapper_named_in_the_config_is_kept():
    cfg = Config(dict(model_wrapper_cfg=dict(type='MMFullyShardedData')))
    set_model_wrapper(cfg)
    assert cfg.model_wrapper_cfg == dict(type='MMFullyShardedData')
