"""Methods of balancing by name, and Gramians to try them on."""

from __future__ import annotations

import torch
from torch import Tensor

from mmvmtl.models.balancing import Balancer

#: Those whose weights are a function of the Gramian alone.
STATELESS = (
    'MGDA', 'CAGrad', 'IMTLG', 'NashMTL', 'AlignedMTL', 'FairGrad', 'UPGrad',
    'DualProj',
)  # fmt: skip
METHODS = (*STATELESS, 'PCGrad', 'GradVac', 'GradNorm')
#: Two tasks in conflict: g = (1, 0), (-1, 1).
CONFLICT = torch.tensor([[1.0, -1.0], [-1.0, 2.0]]).double()


def weigh(method: str | dict, gramian: Tensor) -> Tensor:
    """Weights (T,) of one step, as a branch would use them."""
    count = len(gramian)
    balancer = Balancer([str(t) for t in range(count)], method)
    active = torch.ones(count, dtype=torch.bool)
    return balancer.observe(gramian, active, torch.ones(count))


def gradients(count: int, seed: int, size: int = 6) -> Tensor:
    """Random gradients (count, size) of mean squared norm 1."""
    draw = torch.Generator().manual_seed(seed)
    rows = torch.randn(count, size, generator=draw, dtype=torch.float64)
    rows *= 1 + torch.arange(count)[:, None]
    return rows / rows.square().sum(1).mean().sqrt()
