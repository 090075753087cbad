"""The losses of the translation game, by hand."""

import pytest
import torch

from mmvmtl.models.translation.losses import (
    discriminator_loss,
    generator_losses,
    least_squares,
)


def test_least_squares_by_hand():
    """Scores 0, 2: to 1 it is (1 + 1) / 2, to 0 it is (0 + 4) / 2."""
    scores = torch.tensor([0.0, 2.0])
    assert least_squares(scores, True) == 1
    assert least_squares(scores, False) == 2


def test_generators_by_hand():
    """Each term is summed over both domains, then weighted."""

    def both(source, target):
        return dict(
            source=torch.full((1, 3, 2, 2), source),
            target=torch.full((1, 3, 2, 2), target),
        )

    losses = generator_losses(
        real=both(0.0, 1.0),
        same=both(0.5, 1.0),
        cycled=both(0.1, 0.8),
        scores=both(0.0, 3.0),
        cycle_weight=10,
        identity_weight=5,
    )
    assert losses['loss_adversarial'].item() == pytest.approx(1 + 4)
    assert losses['loss_cycle'].item() == pytest.approx(10 * (0.1 + 0.2))
    assert losses['loss_identity'].item() == pytest.approx(5 * 0.5)


def test_judges_lose_half_of_each():
    """Real 0 and fake 1 are as wrong as can be: (1 + 1) / 2 a domain."""
    zero, one = torch.zeros(2), torch.ones(2)
    wrong = discriminator_loss(dict(a=zero, b=one), dict(a=one, b=zero))
    assert wrong == 1
    assert discriminator_loss(dict(a=one), dict(a=zero)) == 0
