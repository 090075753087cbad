"""Batches of two ranks, trained by one process or by two.

RANK=0 WORLD_SIZE=2 python tests/helpers/ddp_cases.py <store> <out>
"""

from __future__ import annotations

import torch
from balancing import METHODS
from small_model import (
    SIZE,
    build_model,
    make_clip,
    without_batch_statistics,
)
from torch import Tensor
from two_ranks import run_as_rank, step_through
from weightings import WEIGHTINGS, config

from mmvmtl.structures import VideoMTLDataSample

NOWHERE = 'a task labelled nowhere'
#: By name the clips of rank 0 and rank 1, as arguments of ``make_clip``.
FULL = [dict(length=3, boxes=3), dict(length=2, boxes=2, video=1)]
CASES: dict[str, tuple[list[dict], list[dict]]] = {
    'unequal numbers': (FULL, [dict(length=2, boxes=1, video=2)]),
    'no objects': (FULL, [dict(length=2, boxes=0, video=2)]),
    'still image': (FULL, [dict(length=1, boxes=2, video=2)]),
    'no boxes labelled': (FULL, [dict(length=2, labelled=('cls', 'track'))]),
    'no clip labelled': (FULL, [dict(length=2, labelled=('det', 'track'))]),
    'no track labelled': (FULL, [dict(length=2, labelled=('det', 'cls'))]),
    'a class labelled by one': (
        FULL,
        [dict(length=2, boxes=1, video=2, classes=(0,))],
    ),
    'nothing labelled': (FULL, [dict(length=2, labelled=())]),
    NOWHERE: (
        [dict(length=2, labelled=('det',))],
        [dict(length=2, video=2, labelled=('cls',))],
    ),
}
#: Methods that leave gradients alone which do not oppose each other.
CONFLICT = ('PCGrad', 'GradVac', 'UPGrad', 'DualProj')
#: Cases of three steps: a task comes and goes.
CHANGES = 'changing labels'
CHANGING = ('unequal numbers', 'no clip labelled', 'no track labelled')
#: By name the case of every step, or those of each, and changes of the model.
VARIANTS: dict[str, tuple[str | tuple[str, ...], dict]] = {
    f'weighting {name}': ('unequal numbers', dict(loss=config(name)))
    for name in WEIGHTINGS
}
VARIANTS |= {CHANGES: (CHANGING, {})}
VARIANTS |= {
    f'{CHANGES}, weighting {name}': (CHANGING, dict(loss=config(name)))
    for name in ('IMTLL', 'FAMO')
}
VARIANTS |= {
    f'{NOWHERE}, {name}': (NOWHERE, dict(loss=config(name)))
    for name in ('UncertaintyWeighting', 'LossScaleNorm')
}
# Every method with its own gradients, some with others.
VARIANTS |= {
    f'balancing {name} {clips} {settings}': (clips, dict(branch=dict(
        type='mmvmtl.TaskBranch', weighting=name, **settings)))
    for name, clips, settings in (
        *((name, 'unequal numbers', dict(interval=2)) for name in METHODS),
        ('FairGrad', 'unequal numbers', dict(gramian='parameters')),
        *((name, 'no boxes labelled', dict(interval=1, parameters='neck'))
          for name in CONFLICT),
        ('UPGrad', 'no objects', dict(interval=1, scale_heads=True)),
        ('MGDA', 'no clip labelled', dict(scale_heads=True)),
        ('CAGrad', 'a task labelled nowhere', {}),
        ('GradNorm', 'nothing labelled', dict(gramian='parameters')),
        *((name, CHANGING, dict(interval=2))
          for name in ('MGDA', 'CAGrad', 'GradNorm')),
    )
}  # fmt: skip
STEPS = 3


def rank_batch(
    clips: list[dict], rank: int, step: int
) -> tuple[Tensor, list[VideoMTLDataSample]]:
    """Frames and samples of a rank's batch, in float64."""
    samples = [make_clip(**clip) for clip in clips]
    for sample in samples:
        for frame in sample.video_data_samples:
            gt = frame.gt_instances
            for name in ('bboxes', 'velocities', 'visibilities'):
                gt[name] = gt[name].double()
    draw = torch.Generator().manual_seed(10 * step + rank)
    count = sum(len(sample) for sample in samples)
    frames = torch.randn(count, 3, *SIZE, generator=draw).double()
    return frames, samples


def joined_batch(
    case: str, ranks: tuple[int, ...], step: int
) -> tuple[Tensor, list[VideoMTLDataSample]]:
    """Frames and samples of the batches of ``ranks``, one after another."""
    parts = [rank_batch(CASES[case][rank], rank, step) for rank in ranks]
    inputs = torch.cat([frames for frames, _ in parts])
    return inputs, [sample for _, part in parts for sample in part]


def train(
    case: str,
    ranks: tuple[int, ...],
    find_unused: bool | None = None,
    **changes: object,
) -> dict[str, Tensor]:
    """Parameters after ``STEPS`` steps on the joined batches of ``ranks``.

    Args:
        case (str): a key of ``CASES`` or ``VARIANTS``.
        ranks (tuple[int, ...]): whose clips are this process's batch.
        find_unused (bool, optional): of DDP; None trains without DDP.
        **changes: settings of the model, see ``build_model``.
    """
    clips, variant = VARIANTS.get(case, (case, {}))
    clips = (clips,) * STEPS if isinstance(clips, str) else clips
    cfg = without_batch_statistics()
    model = build_model(cfg, **variant, **changes).double().train()
    batches = (joined_batch(clips[i], ranks, i) for i in range(STEPS))
    return step_through(model, batches, 0.02, find_unused)


def every_case(rank: int) -> dict[tuple[str, bool], dict[str, Tensor]]:
    """Train every case as one of two ranks."""
    return {
        (case, find_unused): train(case, (rank,), find_unused)
        for case in (*CASES, *VARIANTS)
        for find_unused in (False, True)
    }


if __name__ == '__main__':
    run_as_rank(every_case)
