"""Adversaries around stock models, trained by one process or by two.

RANK=0 WORLD_SIZE=2 python tests/helpers/stock_domain_ddp.py <store> <out>
"""

from __future__ import annotations

from importlib.util import find_spec

import stock_models
import torch
from domain_clips import DOMAINS
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from torch import Tensor, nn
from two_ranks import run_as_rank, step_through
from wrapper_ddp import batch as detector_batch

from mmvmtl.registry import MODELS

KINDS = ('detector', *(['recogniser'] if find_spec('mmaction') else []))
#: By name the domain of every sample of rank 0 and of rank 1.
CASES = {
    'both domains on both ranks': (('day', 'fog'), ('day', 'fog')),
    'one domain a rank': (('day',), ('fog',)),
}
STEPS = 2
#: A ResNet without statistics of the batch takes small steps only.
RATES = dict(detector=0.05, recogniser=1e-4)


def build(kind: str) -> nn.Module:
    """A wrapped stock model, without batch statistics."""
    init_default_scope('mmdet' if kind == 'detector' else 'mmaction')
    torch.manual_seed(0)
    if kind == 'detector':
        # Else it exchanges its norms, for ones that need a GPU.
        settings = dict(
            type='mmvmtl.DomainAdaptiveDetector',
            detector=dict(stock_models.rtmdet(), use_syncbn=False),
        )
        image = dict(in_channels=16)
    else:
        settings = dict(
            type='mmvmtl.DomainAdaptiveRecognizer',
            recognizer=stock_models.tsn(),
        )
        image = dict(in_channels=512, stage='backbone', level=-1)
    domain = dict(type='mmvmtl.DomainAdversary', domains=DOMAINS, image=image)
    model = MODELS.build(ConfigDict(settings, domain=domain))
    model.init_weights()
    return stock_models.in_training_without_chance(model)


def samples_of(kind: str, rank: int, domains: tuple[str, ...], step: int):
    """Inputs and samples of a rank; those of fog are not labelled."""
    inputs, samples = [], []
    for place, domain in enumerate(domains):
        number = 2 * rank + place
        if kind == 'detector':
            _, (sample,) = detector_batch((place,), 0)
        else:
            from mmaction.structures import ActionDataSample

            sample = ActionDataSample().set_gt_label(number)
        draw = torch.Generator().manual_seed(10 * step + number)
        size = (3, 64, 64) if kind == 'detector' else (2, 3, 32, 32)
        inputs.append(torch.randn(size, generator=draw))
        sample.set_metainfo(dict(domain=domain))
        if domain == 'fog':
            sample.set_metainfo(dict(labelled=()))
        samples.append(sample)
    return torch.stack(inputs), samples


def train(
    kind: str,
    case: str,
    ranks: tuple[int, ...],
    find_unused: bool | None = None,
) -> dict[str, Tensor]:
    """Parameters after ``STEPS`` steps on the joined batches of ``ranks``."""

    def joined(step: int) -> tuple[Tensor, list]:
        parts = [samples_of(kind, r, CASES[case][r], step) for r in ranks]
        inputs = torch.cat([rows for rows, _ in parts])
        return inputs, [sample for _, part in parts for sample in part]

    batches = (joined(step) for step in range(STEPS))
    return step_through(build(kind), batches, RATES[kind], find_unused)


def every_case(rank: int) -> dict[tuple[str, str], dict[str, Tensor]]:
    """Train every model on every case as one of two ranks."""
    return {
        (kind, case): train(kind, case, (rank,), find_unused=False)
        for kind in KINDS
        for case in CASES
    }


if __name__ == '__main__':
    run_as_rank(every_case)
