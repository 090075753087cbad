"""Sharing schemes and regularisers, trained by one process or by two.

RANK=0 WORLD_SIZE=2 python tests/helpers/sharing_cases.py <store> <out>
"""

from __future__ import annotations

from ddp_cases import train
from torch import Tensor
from two_ranks import run_as_rank


def _scheme(name: str) -> dict:
    return dict(type=f'mmvmtl.{name}', in_channels=(16, 16, 16))


_COLUMNS = {
    task: f'sharing.levels.*.columns.{task}' for task in ('det', 'track')
}
#: By name a case of ``ddp_cases`` and the changes of the model.
VARIANTS: dict[str, tuple[str, dict]] = {
    'CrossStitch': ('no track labelled', dict(sharing=_scheme('CrossStitch'))),
    'MTAN': ('no clip labelled', dict(sharing=_scheme('MTAN'))),
    'MMoE': ('a task labelled nowhere', dict(sharing=_scheme('MMoE'))),
    'CGC': ('no boxes labelled', dict(sharing=_scheme('CGC'))),
    'PLE': ('nothing labelled', dict(sharing=_scheme('PLE'))),
    'regularised': (
        'no track labelled',
        dict(
            sharing=_scheme('CrossStitch'),
            regularisers=[
                dict(
                    type='mmvmtl.SharedWeightPenalty',
                    parameters='backbone.layer1',
                    strength=0.1,
                ),
                dict(
                    type='mmvmtl.TaskRelationPenalty',
                    parameters=_COLUMNS,
                    strength=5.0,
                    interval=2,
                    momentum=0.0,
                ),
            ],
        ),
    ),
}


def parameters(
    variant: str, ranks: tuple[int, ...], find_unused: bool | None = None
) -> dict[str, Tensor]:
    """Parameters after a few steps, see ``ddp_cases.train``."""
    case, changes = VARIANTS[variant]
    return train(case, ranks, find_unused, **changes)


def both_ways(rank: int) -> dict:
    """Every variant, ``find_unused_parameters`` off, and on for one."""
    found = {(v, False): parameters(v, (rank,), False) for v in VARIANTS}
    found['CGC', True] = parameters('CGC', (rank,), True)
    return found


if __name__ == '__main__':
    run_as_rank(both_ways)
