"""A student and its teacher, trained by one process or by two.

RANK=0 WORLD_SIZE=2 python tests/helpers/teacher_ddp.py <store> <out>
"""

from __future__ import annotations

import torch
from small_model import SIZE, build_model, make_clip, without_batch_statistics
from torch import Tensor, nn
from two_ranks import run_as_rank

from mmvmtl.engine import DistributedDataParallel

TARGET = ('weak', 'strong')
#: By name the branches that rank 0 and rank 1 have clips of.
CASES = {
    'both domains on both ranks': (('source', *TARGET), ('source', *TARGET)),
    'one domain a rank': (('source',), TARGET),
    'one domain alone': (('source',), ('source',)),
}
STEPS = 2


def build() -> nn.Module:
    """The pair without batch statistics; every box and label counts."""
    detector = without_batch_statistics()
    detector.head.heads.det.test_cfg.max_per_img = 5
    detector.head.heads.track.box_jitter = 0.0
    detector.tracker.scores = dict(high=0.0, low=None, new=0.0)
    detector.tracker.lifecycle = dict(min_hits=1)
    model = build_model(
        dict(
            type='mmvmtl.MeanTeacher',
            detector=detector,
            pseudo=dict(box_thr=0.0, clip_thr=0.0),
        )
    )
    for part in (model.student, model.teacher):
        head = part.head.heads['det'].bbox_head
        # An untrained head's scores are nearly equal, so that rounding would
        # decide which boxes and labels there are, and boxes have no area.
        torch.manual_seed(0)
        nn.init.normal_(head.conv_cls.weight, std=0.1)
        nn.init.constant_(head.conv_reg.bias, 2.0)
        last = part.head.heads['cls'].classify[-1]
        last.bias.data.copy_(torch.arange(len(last.bias)) / 2)
    model.teaching = True
    return model.train()


def train(
    case: str, ranks: tuple[int, ...], distributed: bool = False
) -> dict[str, Tensor]:
    """Student's parameters after ``STEPS`` steps on the clips of ``ranks``."""
    model = module = build()
    if distributed:
        model = DistributedDataParallel(module)
    optimizer = torch.optim.SGD(module.student.parameters(), lr=0.02)
    for step in range(STEPS):
        losses = model(*joined(case, ranks, step), mode='loss')
        total, _ = module.parse_losses(losses)
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
    return {
        k: v.detach().clone() for k, v in module.student.named_parameters()
    }


def joined(
    case: str, ranks: tuple[int, ...], step: int
) -> tuple[dict[str, Tensor], dict[str, list]]:
    """Frames and clips by branch; the ranks differ in length."""
    inputs: dict[str, list[Tensor]] = {}
    samples: dict[str, list] = {}
    for rank in ranks:
        for branch in CASES[case][rank]:
            # Both views of a target clip have the same pixels.
            seed = 100 * step + 10 * rank + (branch == 'source')
            draw = torch.Generator().manual_seed(seed)
            length = 2 + rank
            frames = torch.randn(length, 3, *SIZE, generator=draw)
            inputs.setdefault(branch, []).append(frames)
            clip = make_clip(length, video=rank)
            samples.setdefault(branch, []).append(clip)
    return {name: torch.cat(each) for name, each in inputs.items()}, samples


def every_case(rank: int) -> dict[str, dict[str, Tensor]]:
    """Train on every case as one of two ranks."""
    return {case: train(case, (rank,), distributed=True) for case in CASES}


if __name__ == '__main__':
    run_as_rank(every_case)
