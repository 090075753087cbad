"""Parts that compare domains, trained by one process or by two.

RANK=0 WORLD_SIZE=2 python tests/helpers/domain_ddp.py <store> <out>
"""

from __future__ import annotations

import torch
from domain_clips import DOMAINS, make_domain_clip
from small_model import SIZE, build_model, without_batch_statistics
from torch import Tensor, nn
from two_ranks import run_as_rank, step_through

from mmvmtl.registry import MODELS
from mmvmtl.structures import VideoMTLDataSample

LEVELS = dict(
    image=dict(in_channels=16),
    instance=dict(in_channels=16),
    consistency=0.1,
)
#: By name the ``domain`` of the model, or the settings of ``MLDG``.
PARTS: dict[str, dict] = {
    'reversal': dict(type='mmvmtl.DomainAdversary', **LEVELS),
    'alternating': dict(
        type='mmvmtl.DomainAdversary', form='alternating', **LEVELS
    ),
    # Of random features it is so small that nothing would be seen.
    'coral': dict(
        type='mmvmtl.DomainAlignment',
        distance=dict(type='mmvmtl.CORAL'),
        weight=1000.0,
    ),
    'mmd': dict(
        type='mmvmtl.DomainAlignment', distance=dict(type='mmvmtl.MMD')
    ),
    'mldg': dict(type='mmvmtl.MLDG', inner_lr=0.02),
}
#: By name the clips of rank 0 and of rank 1; the ranks differ in length.
SOURCE = dict(domain='day', length=3)
# Labelled with boxes: mmcv's NMS has no float64, so nothing may be predicted.
TARGET = dict(domain='fog', tasks=('det',), video=1)
CASES: dict[str, tuple[list[dict], list[dict]]] = {
    'both domains on both ranks': (
        [SOURCE, TARGET],
        [dict(SOURCE, video=2), dict(TARGET, length=1, video=3)],
    ),
    'one domain a rank': ([SOURCE], [TARGET]),
    'one domain alone': ([SOURCE], [dict(SOURCE, video=2)]),
}
STEPS = 2


def build(name: str | None) -> nn.Module:
    """The model with a part, or without any, in float64."""
    cfg = without_batch_statistics()
    if name is None:
        return build_model(cfg).double().train()
    part = dict(PARTS[name], domains=DOMAINS)
    if name != 'mldg':
        cfg.domain = part
        model = build_model(cfg)
    else:
        build_model(cfg)  # sets scope and seed
        torch.manual_seed(0)
        model = MODELS.build(dict(part, detector=cfg))
        model.init_weights()
    return model.double().train()


def train(
    name: str | None,
    case: str,
    ranks: tuple[int, ...],
    distributed: bool = False,
) -> dict[str, Tensor]:
    """Parameters after ``STEPS`` steps on the joined clips of ``ranks``."""
    batches = (joined_batch(case, ranks, step) for step in range(STEPS))
    return step_through(
        build(name), batches, 0.02, find_unused=False if distributed else None
    )


def joined_batch(
    case: str, ranks: tuple[int, ...], step: int
) -> tuple[Tensor, list[VideoMTLDataSample]]:
    """Frames and samples of the batches of ``ranks``, in float64."""
    samples, frames = [], []
    for rank in ranks:
        draw = torch.Generator().manual_seed(10 * step + rank)
        for clip in CASES[case][rank]:
            sample = make_domain_clip(**clip)
            for frame in sample.video_data_samples:
                gt = frame.gt_instances
                for key in ('bboxes', 'velocities', 'visibilities'):
                    gt[key] = gt[key].double()
            samples.append(sample)
            shape = (len(sample), 3, *SIZE)
            frames.append(torch.randn(shape, generator=draw).double())
    # Which domain is held out must not depend on the number of ranks.
    torch.manual_seed(step)
    return torch.cat(frames), samples


def every_case(rank: int) -> dict[tuple[str, str], dict[str, Tensor]]:
    """Train every part on every case as one of two ranks."""
    return {
        (name, case): train(name, case, (rank,), distributed=True)
        for name in PARTS
        for case in CASES
    }


if __name__ == '__main__':
    run_as_rank(every_case)
