"""Rows of all processes, so that batch statistics are those of all."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from mmengine.dist import all_gather, get_rank, get_world_size
from torch import Tensor


def gather_rows(rows: Tensor) -> Tensor:
    """The rows of all W ranks; gradients flow to this rank's own.

    Every rank then has the same loss L, and DDP averages gradients. A rank's
    own rows pass on W times their gradient, so that the average is that of L.

    Args:
        rows (Tensor): (N_r, ...), N_r may differ from rank to rank.

    Returns:
        Tensor: (sum of N_r, ...), rank after rank.
    """
    ranks = get_world_size()
    if ranks == 1:
        return rows
    counts = all_gather(torch.tensor([len(rows)], device=rows.device))
    most = max(int(count) for count in counts)
    fill = [0, 0] * (rows.ndim - 1) + [0, most - len(rows)]
    parts = all_gather(F.pad(rows.detach(), fill))
    parts = [part[: int(n)] for part, n in zip(parts, counts, strict=True)]
    if rows.requires_grad:
        parts[get_rank()] = ranks * rows - (ranks - 1) * rows.detach()
    return torch.cat(parts)
