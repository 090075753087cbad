"""A distance of two domains, as one of many."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import torch
from torch import Tensor


def mean_over_pairs(
    distance: Callable[[Tensor, Tensor], Tensor],
    rows: Tensor,
    labels: Tensor,
    least: int = 1,
) -> Tensor:
    """Mean distance over every two domains that are present.

    Args:
        distance (Callable): of rows (N, d) and (M, d) to ().
        rows (Tensor): (N, d).
        labels (Tensor): (N,), the domain of each.
        least (int): rows that a domain needs to be compared.

    Returns:
        Tensor: (); 0, with a gradient of 0, if fewer than two are present.
    """
    parts = [rows[labels == domain] for domain in labels.unique()]
    parts = [part for part in parts if len(part) >= least]
    if len(parts) < 2:
        return rows.sum() * 0
    found = [distance(one, other) for one, other in combinations(parts, 2)]
    return torch.stack(found).mean()
