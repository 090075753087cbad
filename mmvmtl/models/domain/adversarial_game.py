"""Two players: a discriminator tells domains apart, features hide them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from mmvmtl.models.domain.gradient_reversal import reverse_gradient
from mmvmtl.models.precision import float32_at_least


class Round(NamedTuple):
    """What a round gives: logits, and the loss of each row and player."""

    logits: Tensor
    loss: Tensor
    fool: Tensor | None


def domain_cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    r""":math:`-\sum_d t_d \log \operatorname{softmax}(z)_d`.

    Args:
        logits (Tensor): z, (N, D, ...).
        target (Tensor): t, (N, D), sums to 1.

    Returns:
        Tensor: (N, ...), float32 at least.
    """
    log_p = F.log_softmax(float32_at_least(logits), dim=1)
    target = target.view(*target.shape, *[1] * (logits.ndim - 2))
    return -(target.to(log_p) * log_p).sum(dim=1)


def play_reversal(
    net: nn.Module, feats: Tensor, labels: Tensor, scale: Tensor, number: int
) -> Round:
    r"""One loss for both: features get its gradient times :math:`-\lambda`.

    Args:
        net (nn.Module): the discriminator, (N, ...) to (N, D, ...).
        feats (Tensor): (N, ...).
        labels (Tensor): (N,), domains below D.
        scale (Tensor): :math:`\lambda`.
        number (int): D.
    """
    logits = net(reverse_gradient(feats, scale))
    truth = F.one_hot(labels, number)
    return Round(logits, domain_cross_entropy(logits, truth), None)


def play_alternating(
    net: nn.Module, feats: Tensor, labels: Tensor, scale: Tensor, number: int
) -> Round:
    r"""Each player has a loss of its own, and no gradient of the other's.

    The discriminator learns the true domains on detached features; features
    learn, times :math:`\lambda`, what a frozen discriminator takes for the
    *other* domains: with two the inverted label, with more a uniform one
    (`Goodfellow et al. 2014 <https://arxiv.org/abs/1406.2661>`_, the form
    that does not saturate; `Tzeng et al. 2017
    <https://arxiv.org/abs/1702.05464>`_). Arguments as in
    :func:`play_reversal`.
    """
    truth = F.one_hot(labels, number)
    logits = net(feats.detach())
    frozen = {name: p.detach() for name, p in net.named_parameters()}
    fooled = functional_call(net, frozen, (feats,))
    others = (1 - truth) / (number - 1)
    return Round(
        logits,
        domain_cross_entropy(logits, truth),
        scale.to(fooled) * domain_cross_entropy(fooled, others),
    )


Play = Callable[[nn.Module, Tensor, Tensor, Tensor, int], Round]
GAMES: dict[str, Play] = dict(
    reversal=play_reversal, alternating=play_alternating
)
