"""What telemetry sees of a batch, in one process or as one of two ranks.

RANK=0 WORLD_SIZE=2 python tests/helpers/telemetry_ranks.py <store> <out>
"""

from __future__ import annotations

import functools

import torch
from ddp_cases import CASES, rank_batch
from small_model import build_model, without_batch_statistics
from two_ranks import run_as_rank

from mmvmtl.engine import DistributedDataParallel, TelemetryHook


def look(
    case: str, ranks: tuple[int, ...], find_unused: bool | None = None
) -> dict[str, float]:
    """Numbers of the second of two steps on the batches of ``ranks``."""
    model = module = build_model(without_batch_statistics()).double().train()
    if find_unused is not None:
        model = DistributedDataParallel(
            module, find_unused_parameters=find_unused
        )
    optimizer = torch.optim.SGD(module.parameters(), lr=0.02)
    hook = TelemetryHook()
    for step in range(2):
        parts = [rank_batch(CASES[case][r], r, step) for r in ranks]
        inputs = torch.cat([frames for frames, _ in parts])
        samples = [sample for _, clips in parts for sample in clips]
        module.observer = functools.partial(hook._look, module, 1.0)
        total, _ = module.parse_losses(model(inputs, samples, mode='loss'))
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
    return hook._found


def every_case(rank: int) -> dict[str, dict[str, float]]:
    """Look at every case as one of two ranks."""
    return {
        f'{case}, {unused}': look(case, (rank,), unused)
        for case, unused in (
            ('unequal numbers', False),
            ('no track labelled', True),
        )
    }


if __name__ == '__main__':
    run_as_rank(every_case)
