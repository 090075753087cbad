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
    """The pair without batch statistics, in float64.

    The teacher's labels are the clips' own: which boxes an untrained network
    finds, and NMS leaves, rounding would decide.
    """
    detector = without_batch_statistics()
    model = build_model(dict(type='mmvmtl.MeanTeacher', detector=detector))
    model.label = lambda weak, weak_samples, strong_samples: strong_samples
    model.teaching = True
    return model.double().train()


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
            inputs.setdefault(branch, []).append(frames.double())
            clip = make_clip(length, video=rank)
            for frame in clip.video_data_samples:
                for name in ('bboxes', 'velocities', 'visibilities'):
                    values = frame.gt_instances[name].double()
                    frame.gt_instances[name] = values
            samples.setdefault(branch, []).append(clip)
    return {name: torch.cat(each) for name, each in inputs.items()}, samples


def every_case(rank: int) -> dict[str, dict[str, Tensor]]:
    """Train on every case as one of two ranks."""
    return {case: train(case, (rank,), distributed=True) for case in CASES}


if __name__ == '__main__':
    run_as_rank(every_case)
