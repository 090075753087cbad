"""Random orders of tasks that a resumed run goes on with."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class TaskOrders(nn.Module):
    """Draw orders from how often it was asked, which the checkpoint knows.

    So the global random generator stays untouched.
    """

    calls: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer('calls', torch.zeros((), dtype=torch.long))

    def forward(self, count: int) -> list[list[int]]:
        """For each of ``count`` tasks the others, in random order."""
        draw = torch.Generator().manual_seed(int(self.calls))
        self.calls += 1
        orders = [
            torch.randperm(count, generator=draw).tolist()
            for _ in range(count)
        ]
        return [[j for j in order if j != i] for i, order in enumerate(orders)]
