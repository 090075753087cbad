"""What a weighting remembers moves once per step of the optimizer."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmvmtl.models.clock import tick
from mmvmtl.models.losses.base_weighting import BaseWeighting, mean_over_ranks


class StepWeighting(BaseWeighting):
    """A weighting whose state follows from the losses of earlier steps.

    A forward does not know whether the network has changed since the last
    one: gradients may be accumulated, or a step skipped because they
    overflowed. Therefore ``clock``, a parameter that is 0 and gets a tiny
    gradient: it is moved exactly when the optimizer steps, and then set back.
    Losses seen without a step in between belong to the same network and are
    averaged, so micro-batches count as the batch they make up.

    State moves while training only, never by a loss that is not finite, and
    is part of the checkpoint.
    """

    pending: Tensor
    pending_count: Tensor

    def __init__(self, tasks: Sequence[str]) -> None:
        super().__init__(tasks)
        zeros = torch.zeros(len(self.tasks))
        # One element, not none: FSDP shards the first dimension.
        self.clock = nn.Parameter(torch.zeros(1))
        self.register_buffer('pending', zeros)
        self.register_buffer('pending_count', zeros.clone())

    @abstractmethod
    def advance(self, losses: Tensor) -> None:
        """Move the state by one step of the optimizer.

        Args:
            losses (Tensor): (T,), means over all that the network before the
                step has seen; NaN for a task that was not active.
        """

    @abstractmethod
    def decide(self, losses: Tensor, active: Tensor) -> Tensor:
        """Weights (T,) from the state and the losses of the joined batch."""

    @torch.no_grad()
    def weigh(self, losses: Tensor, active: Tensor) -> Tensor:
        """Let a step that has happened count, then decide."""
        losses, active = mean_over_ranks(losses, active)
        if self.training and bool(losses.isfinite().all()):
            if bool(self.clock.ne(0).any()):
                # 0 / 0 is the NaN of a task that was not active.
                self.advance(self.pending / self.pending_count)
                self.pending.zero_()
                self.pending_count.zero_()
                self.clock.zero_()
            self.pending += torch.where(active, losses, 0)
            self.pending_count += active
        return self.decide(losses, active)

    def forward(self, losses: Tensor, active: Tensor) -> Tensor:
        """Weigh ``losses`` (T,) of the ``active`` (T,) tasks into one, ()."""
        return super().forward(losses, active) + tick(self.clock)
