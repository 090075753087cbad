"""What the players of the translation game want."""

from __future__ import annotations

from torch import Tensor

Images = dict[str, Tensor]


def least_squares(scores: Tensor, real: bool) -> Tensor:
    r"""Least-squares GAN loss :math:`\operatorname{mean}((s - t)^2)`.

    `Mao et al., ICCV 2017 <https://arxiv.org/abs/1611.04076>`_; the wanted
    score t is 1 for ``real`` and 0 else.
    """
    return (scores - float(real)).square().mean()


def generator_losses(
    real: Images,
    same: Images,
    cycled: Images,
    scores: Images,
    cycle_weight: float,
    identity_weight: float,
) -> dict[str, Tensor]:
    r"""Losses of both generators together.

    `Zhu et al., ICCV 2017 <https://arxiv.org/abs/1703.10593>`_, summed over
    the two domains d:

    .. math:: \operatorname{LS}(D_d(G_d(x_{d'})), 1)
        + \lambda_c |G_d(G_{d'}(x_d)) - x_d| + \lambda_i |G_d(x_d) - x_d|

    Args:
        real (dict[str, Tensor]): images by domain.
        same (dict[str, Tensor]): what a domain's generator makes of them.
        cycled (dict[str, Tensor]): they, translated there and back.
        scores (dict[str, Tensor]): the judges' of the fakes of a domain.
        cycle_weight (float): :math:`\lambda_c`.
        identity_weight (float): :math:`\lambda_i`.
    """
    adversarial = sum(least_squares(score, True) for score in scores.values())
    cycle = sum((cycled[d] - real[d]).abs().mean() for d in real)
    identity = sum((same[d] - real[d]).abs().mean() for d in real)
    return dict(
        loss_adversarial=adversarial,
        loss_cycle=cycle_weight * cycle,
        loss_identity=identity_weight * identity,
    )


def discriminator_loss(real: Images, fake: Images) -> Tensor:
    """Half of what judges lose on scores of ``real`` and ``fake`` images."""
    return sum(
        least_squares(real[d], True) + least_squares(fake[d], False)
        for d in real
    ).mul(0.5)
