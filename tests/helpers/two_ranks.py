"""Start a script as two gloo ranks, and be one of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

import torch
from torch import Tensor, nn

from mmvmtl.engine import DistributedDataParallel


def run_as_rank(compute: Callable[[int], object]) -> None:
    """Save what ``compute(rank)`` gives; called in each of the processes."""
    store, out = sys.argv[1:]
    rank = int(os.environ['RANK'])
    torch.distributed.init_process_group(
        'gloo',
        init_method=f'file://{store}',
        rank=rank,
        world_size=2,
        timeout=timedelta(seconds=240),
    )
    torch.save(compute(rank), Path(out) / f'{rank}.pt')
    torch.distributed.destroy_process_group()


def step_through(
    module: nn.Module,
    batches: Iterable[tuple[Tensor, list]],
    lr: float,
    find_unused: bool | None,
) -> dict[str, Tensor]:
    """Parameters after a step of SGD on each batch.

    Args:
        module (nn.Module): a model of MMEngine.
        batches (Iterable[tuple]): inputs and samples of this process.
        lr (float): learning rate.
        find_unused (bool, optional): of DDP; None trains without DDP.
    """
    model = module
    if find_unused is not None:
        model = DistributedDataParallel(
            module, find_unused_parameters=find_unused
        )
    optimizer = torch.optim.SGD(module.parameters(), lr=lr)
    for batch in batches:
        total, _ = module.parse_losses(model(*batch, mode='loss'))
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
    return {k: v.detach().clone() for k, v in module.named_parameters()}


def start_two_ranks(script: str, out: Path) -> list:
    """What both ranks of ``script`` saved."""
    processes = []
    for rank in range(2):
        with open(out / f'{rank}.log', 'w') as log:
            processes.append(
                subprocess.Popen(
                    [sys.executable, script, str(out / 'store'), str(out)],
                    env={**os.environ, 'RANK': str(rank), 'WORLD_SIZE': '2'},
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            )
    try:
        codes = [process.wait(timeout=600) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert codes == [0, 0], (out / '1.log').read_text()[-3000:]
    return [torch.load(out / f'{rank}.pt') for rank in range(2)]
