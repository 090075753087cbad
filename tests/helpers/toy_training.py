"""A Runner of milliseconds: three layers, two of them with statistics.

RANK=0 WORLD_SIZE=2 ... python tests/helpers/toy_training.py <out> <unused>
trains as one of two ranks and leaves <out>/<rank>.pt.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch
from mmengine.hooks import Hook
from mmengine.model import BaseModel, is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.utils.data import Dataset

import mmvmtl  # noqa: F401  (mends what MMEngine does on CPU builds)


class Points(Dataset):
    """16 points in the plane and what is to be predicted from them."""

    def __len__(self) -> int:
        return 16

    def __getitem__(self, index: int) -> dict:
        point = torch.tensor([index % 4 - 1.5, index // 4 - 1.5])
        return dict(inputs=point, data_samples=point.prod())


class Toy(BaseModel):
    """``stem`` and ``trunk`` have batch norms, ``head`` has none."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8))
        self.trunk = nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8), nn.Tanh())
        self.head = nn.Linear(8, 1)

    def forward(
        self, inputs: Tensor, data_samples: Tensor, mode: str = 'loss'
    ) -> dict:
        """Mean squared error; the same for one batch or two halves."""
        out = self.head(self.trunk(self.stem(inputs)))[:, 0]
        return dict(loss_square=(out - data_samples).square().mean())


class Watch(Hook):
    """Keeps a copy of the model's state before every iteration.

    Attributes:
        states (list[dict]): of parameters and buffers.
        grads (list[set]): names of the parameters with a gradient while a
            step is not done yet.
        trains (list[set]): names of the parameters that require one.
    """

    def __init__(self) -> None:
        self.states: list[dict] = []
        self.grads: list[set] = []
        self.trains: list[set] = []

    def after_train_iter(self, runner, batch_idx, **kwargs) -> None:
        """Write it down."""
        model = bare(runner.model)
        self.states.append(
            {k: v.detach().clone() for k, v in model.state_dict().items()}
        )
        named = list(model.named_parameters())
        self.grads.append({n for n, p in named if p.grad is not None})
        self.trains.append({n for n, p in named if p.requires_grad})


def bare(model: nn.Module) -> nn.Module:
    """The model inside its wrapper."""
    return model.module if is_model_wrapper(model) else model


def train(
    work_dir: Path,
    hooks: list,
    epochs: int = 4,
    batch: int = 4,
    model: type[nn.Module] = Toy,
    **settings,
) -> Runner:
    """Train from seed 0; ``settings`` are the Runner's.

    ``optim_wrapper`` updates that of AdamW.
    """
    torch.manual_seed(0)
    wrapper = dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=0.02, weight_decay=0.1),
        **settings.pop('optim_wrapper', {}),
    )
    wrapper.update(settings.pop('wrapper', {}))
    settings.setdefault('train_cfg', dict(by_epoch=True, max_epochs=epochs))
    runner = Runner(
        model=model(),
        work_dir=str(work_dir),
        train_dataloader=dict(
            dataset=Points(),
            batch_size=batch,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='default_collate'),
        ),
        optim_wrapper=wrapper,
        default_hooks=dict(logger=None),
        custom_hooks=[*hooks, Watch()],
        experiment_name=f'{work_dir}-{epochs}-{len(hooks)}-{torch.rand(1)}',
        **settings,
    )
    runner.train()
    return runner


def watch(runner: Runner) -> Watch:
    """The Watch of a Runner."""
    (hook,) = (h for h in runner.hooks if isinstance(h, Watch))
    return hook


#: The stem for ever, the trunk for half of the training.
STAGES = [dict(modules='stem'), dict(modules='trunk', until=dict(epoch=2))]


def main(out: str, find_unused: str) -> None:
    """Train as one of two ranks, on half of every batch."""
    wrapper = dict(
        type='mmvmtl.DistributedDataParallel',
        find_unused_parameters=find_unused == 'True',
    )
    runner = train(
        Path(out) / 'work',
        [dict(type='mmvmtl.FreezeHook', stages=STAGES)],
        batch=2,
        launcher='pytorch',
        cfg=dict(model_wrapper_cfg=wrapper),
    )
    seen = watch(runner)
    rank = os.environ['RANK']
    torch.save((seen.states, seen.trains), Path(out) / f'{rank}.pt')


if __name__ == '__main__':
    main(*sys.argv[1:])
