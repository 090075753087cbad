"""Random weights, the litmus test of every weighting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.losses.base_weighting import softmax_over
from mmvmtl.models.losses.step_weighting import StepWeighting
from mmvmtl.registry import MODELS


@MODELS.register_module()
class RLW(StepWeighting):
    r"""Random loss weighting.

    `Lin et al., TMLR 2022 <https://arxiv.org/abs/2111.10603>`_: in every
    step of the optimizer

    .. math:: \lambda = K \operatorname{softmax}(z), \quad
        z \sim \mathcal{N}(0, 1)^K

    over the K active tasks; K, which the paper leaves out, makes the mean
    weight 1, so the learning rate means what it does for the plain sum. The
    numbers follow from ``seed`` and the number of the step alone: all ranks
    and a resumed run draw the same. In a config::

        loss=dict(_delete_=True, type='mmvmtl.RLW')

    Args:
        tasks (Sequence[str]): as in :class:`BaseWeighting`.
        seed (int): >= 0, of the random numbers.

    Raises:
        ValueError: on a negative seed.
    """

    steps: Tensor

    def __init__(self, tasks: Sequence[str], seed: int = 0) -> None:
        super().__init__(tasks)
        if seed < 0:
            raise UserError(f'seed={seed} must not be negative')
        self.seed = seed
        self.register_buffer('steps', torch.zeros((), dtype=torch.long))

    def advance(self, losses: Tensor) -> None:
        """Go on to the next draw."""
        self.steps += 1

    def decide(self, losses: Tensor, active: Tensor) -> Tensor:
        """The draw of this step, (T,)."""
        draw = np.random.default_rng((self.seed, int(self.steps)))
        normal = losses.new_tensor(draw.standard_normal(len(self.tasks)))
        return active.sum() * softmax_over(normal, active)
