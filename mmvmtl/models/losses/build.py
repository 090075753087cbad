"""How a config names the weighting of its task losses."""

from __future__ import annotations

from collections.abc import Sequence

from mmvmtl.errors import UserError
from mmvmtl.models.balancing import gramian_weightings
from mmvmtl.models.losses.base_weighting import BaseWeighting
from mmvmtl.registry import MODELS


def build_loss_weighting(
    cfg: dict | None, tasks: Sequence[str]
) -> BaseWeighting:
    """Build a weighting; ``WeightedMTLLoss`` with weights 1 without one.

    Args:
        cfg (dict, optional): its config.
        tasks (Sequence[str]): task names, in the order of the losses.

    Raises:
        UserError: If it is no config of a weighting.
    """
    if cfg is None:
        cfg = dict(type='mmvmtl.WeightedMTLLoss')
    if not isinstance(cfg, dict) or 'type' not in cfg:
        raise UserError(
            f'{cfg!r} is no weighting of task losses: write '
            "dict(type='mmvmtl.RLW'), say"
        )
    kind = cfg['type']
    name = str(kind).removeprefix('mmvmtl.')
    if name in gramian_weightings():
        raise UserError(
            f"'{name}' weighs gradients, not losses: write "
            f"branch=dict(type='mmvmtl.TaskBranch', weighting='{name}')"
        )
    found = MODELS.get(kind) if isinstance(kind, str) else kind
    if isinstance(found, type) and not issubclass(found, BaseWeighting):
        raise UserError(
            f"'{name}' is no weighting of task losses: it is no BaseWeighting"
        )
    return MODELS.build(cfg, default_args=dict(tasks=tasks))
