"""A mean in which every domain counts the same, over all processes."""

from __future__ import annotations

import torch.nn.functional as F
from mmdet.utils import reduce_mean
from mmengine.dist import get_world_size
from torch import Tensor


def balanced_mean(values: Tensor, labels: Tensor, number: int) -> Tensor:
    r"""Mean over the domains present of the means over their rows.

    .. math:: \frac{1}{|P|} \sum_{d \in P}
        \frac{\sum_r \sum_{i: y_{ri} = d} v_{ri}}{\sum_r K_{rd}},\quad
        P = \{d: \textstyle\sum_r K_{rd} > 0\}

    with :math:`K_{rd}` rows of domain d on rank r. As DDP averages gradients
    over the W ranks, each gives W times its share of the sum. Every rank must
    call it equally often, also one without rows.

    Args:
        values (Tensor): v, (K,).
        labels (Tensor): y, (K,), below ``number``.
        number (int): domains that there may be.

    Returns:
        Tensor: (); 0 if no rank has a row.
    """
    own = F.one_hot(labels, number)
    sums = (own.to(values) * values[:, None]).sum(dim=0)
    counts = reduce_mean(own.sum(dim=0).double())
    present = (counts > 0).sum().clamp(min=1)
    # Of all counts the smallest that is not 0 is one row on one rank.
    means = sums / counts.clamp(min=1 / get_world_size()).to(sums)
    return means.sum() / present
