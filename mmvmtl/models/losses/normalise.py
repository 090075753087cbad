"""A mean over all processes, so that two processes equal one."""

from __future__ import annotations

from mmdet.utils import reduce_mean
from mmengine.dist import get_world_size
from torch import Tensor


def global_mean(values: Tensor) -> Tensor:
    r"""Mean of a loss over the boxes (pairs, clips, ...) of all W ranks.

    DDP averages gradients over ranks. A mean on each rank would weigh the
    boxes of a rank with few of them more; so a rank gives its own sum over
    the mean number per rank:

    .. math:: \frac{1}{W} \sum_r \frac{\sum_i v_{ri}}{\frac{1}{W} \sum_r K_r}
        = \frac{\sum_r \sum_i v_{ri}}{\sum_r K_r}

    Without distributed training it is ``values.mean()``.

    Every rank must call it equally often, also one that has nothing to give.

    Args:
        values (Tensor): any shape, K_r elements, K_r >= 0.

    Returns:
        Tensor: (), float32 at least; 0 if no rank has an element.
    """
    count = reduce_mean(values.new_tensor(float(values.numel())).double())
    # Of all counts the smallest that is not 0 is one element on one rank.
    count = count.clamp(min=1 / get_world_size())
    return values.sum() / count.to(values)
