r"""The weighted sum of task losses, :math:`\sum_k \lambda_k L_k`."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import torch
from torch import Tensor

from mmvmtl.models.losses.base_weighting import BaseWeighting
from mmvmtl.registry import MODELS


@MODELS.register_module()
class WeightedMTLLoss(BaseWeighting):
    r"""Combine task losses with fixed weights.

    .. math:: L = \sum_k \lambda_k L_k

    over the tasks that are labelled in the batch.

    Args:
        tasks (Sequence[str]): task names, in the order of the losses. The
            detector gives them; a config does not.
        weights (dict[str, float], optional): :math:`\lambda_k >= 0` by task
            name, for every task; None takes out one that a base config has.
            All 1 if left out.

    Raises:
        ValueError: if a task has no weight, or a weight no task.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        weights: dict[str, float | None] | None = None,
    ) -> None:
        super().__init__(tasks)
        if weights is None:
            weights = dict.fromkeys(tasks, 1.0)
        weights = {k: v for k, v in weights.items() if v is not None}
        for name in weights:
            if name not in tasks:
                near = difflib.get_close_matches(name, tasks, 1, 0)
                raise ValueError(
                    f"weight for unknown task '{name}': the tasks are "
                    f"{', '.join(tasks)}; did you mean '{near[0]}'?"
                )
        for name in tasks:
            if name not in weights:
                raise ValueError(
                    f"task '{name}' has no weight: add it to "
                    "'weights' (0 switches its training off)"
                )
        values = torch.tensor([float(weights[name]) for name in tasks])
        if not (torch.isfinite(values) & (values >= 0)).all():
            raise ValueError(
                f'task weights must be finite and not negative: {weights}'
            )
        self.register_buffer('weights', values, persistent=False)

    def weigh(self, losses: Tensor, active: Tensor) -> Tensor:
        r"""The fixed :math:`\lambda_k`, (T,)."""
        return self.weights
