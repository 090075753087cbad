"""A wrapped RTMDet on batches of two ranks, by one process or by two.

RANK=0 WORLD_SIZE=2 python tests/helpers/wrapper_ddp.py <store> <out>
"""

from __future__ import annotations

import stock_models
import torch
from mmdet.structures import DetDataSample
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from torch import Tensor, nn
from two_ranks import run_as_rank, step_through

from mmvmtl.registry import MODELS

TASKS = dict(cls=['loss_cls'], box=['loss_bbox'])
PLAIN = 'plain'
#: By name the weighting and the branch.
CASES: dict[str, dict] = {
    PLAIN: {},
    'UncertaintyWeighting': dict(
        loss=dict(type='mmvmtl.UncertaintyWeighting')
    ),
    'MGDA': dict(branch=dict(type='mmvmtl.TaskBranch', weighting='MGDA')),
    'IMTLG, heads': dict(
        branch=dict(
            type='mmvmtl.TaskBranch', weighting='IMTLG', scale_heads=True
        )
    ),
    'CAGrad': dict(
        branch=dict(
            type='mmvmtl.TaskBranch',
            weighting='CAGrad',
            parameters='neck',
            interval=1,
        )
    ),
}
SIZE = 64
#: Boxes of the frame of each rank: unequal numbers, then none on one.
BOXES = (
    ([[4, 6, 22, 24], [30, 20, 50, 44], [8, 30, 28, 60]], [[10, 9, 40, 33]]),
    ([[4, 6, 22, 24], [30, 20, 50, 44]], []),
)


def batch(ranks: tuple[int, ...], step: int) -> tuple[Tensor, list]:
    """A frame of each rank, and its sample."""
    frames, samples = [], []
    for rank in ranks:
        draw = torch.Generator().manual_seed(10 * step + rank)
        frames.append(torch.randn(3, SIZE, SIZE, generator=draw))
        size = (SIZE, SIZE)
        sample = DetDataSample(
            metainfo=dict(
                img_shape=size,
                ori_shape=size,
                pad_shape=size,
                batch_input_shape=size,
                scale_factor=(1.0, 1.0),
            )
        )
        boxes = torch.tensor(BOXES[step][rank], dtype=torch.float32).reshape(
            -1, 4
        )
        sample.gt_instances = InstanceData(
            bboxes=boxes, labels=torch.arange(len(boxes))
        )
        samples.append(sample)
    return torch.stack(frames), samples


def build(case: str) -> nn.Module:
    """The wrapped RTMDet, without batch statistics."""
    init_default_scope('mmdet')
    torch.manual_seed(0)
    # Else the detector exchanges its norms, for ones that need a GPU.
    rtmdet = dict(stock_models.rtmdet(), use_syncbn=False)
    model = MODELS.build(
        ConfigDict(
            type='mmvmtl.MTLWrapper',
            model=rtmdet,
            tasks=TASKS,
            **CASES[case],
        )
    )
    model.init_weights()
    return stock_models.in_training_without_chance(model)


def train(
    case: str, ranks: tuple[int, ...], find_unused: bool | None = None
) -> dict[str, Tensor]:
    """Parameters after a step on each of ``BOXES``.

    Args:
        case (str): a key of ``CASES``.
        ranks (tuple[int, ...]): whose frames are this process's batch.
        find_unused (bool, optional): of DDP; None trains without DDP.
    """
    batches = (batch(ranks, step) for step in range(len(BOXES)))
    return step_through(build(case), batches, 0.05, find_unused)


def every_case(rank: int) -> dict[tuple[str, bool], dict[str, Tensor]]:
    """Train every case as one of two ranks."""
    return {
        (case, find_unused): train(case, (rank,), find_unused)
        for case in CASES
        for find_unused in (False, True)
    }


if __name__ == '__main__':
    run_as_rank(every_case)
