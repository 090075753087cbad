"""Both forms of the game, by their gradients and on a toy."""

import math

import pytest
import torch
from torch import nn

from mmvmtl.models.domain.adversarial_game import (
    GAMES,
    domain_cross_entropy,
    play_alternating,
    play_reversal,
)

ONE = torch.tensor(1.0)


def test_cross_entropy_by_hand():
    """z = (ln 3, 0): p = (3/4, 1/4); t = (0, 1) gives ln 4."""
    logits = torch.tensor([[math.log(3), 0.0]])
    value = domain_cross_entropy(logits, torch.tensor([[0.0, 1.0]]))
    assert value.item() == pytest.approx(math.log(4))
    flat = domain_cross_entropy(torch.zeros(1, 3, 2, 2), torch.ones(1, 3) / 3)
    assert flat.shape == (1, 2, 2)
    assert torch.allclose(flat, torch.tensor(math.log(3)))


def _grads(play, scale):
    torch.manual_seed(0)
    net = nn.Linear(4, 3)
    feats = torch.randn(6, 4, requires_grad=True)
    labels = torch.tensor([0, 1, 2, 0, 1, 2])
    game = play(net, feats, labels, torch.tensor(scale), 3)
    total = game.loss.mean()
    total = total if game.fool is None else total + game.fool.mean()
    total.backward()
    return feats.grad, net.weight.grad


@pytest.mark.parametrize('scale', [0.5, 2.0])
def test_reversed_gradient_is_non_zero_and_opposite(scale):
    """Against λ = -1, which is no reversal at all."""
    plain, net_plain = _grads(play_reversal, -1.0)
    turned, net_turned = _grads(play_reversal, scale)
    assert plain.abs().min() > 0
    assert torch.allclose(turned, -scale * plain)
    assert torch.equal(net_turned, net_plain)


def test_alternating_players_get_no_gradient_of_the_other():
    """The discriminator's is that of plain training; λ = 0 stops features."""
    _, plain = _grads(play_reversal, -1.0)
    still, same = _grads(play_alternating, 0.0)
    moved, also = _grads(play_alternating, 1.0)
    assert torch.equal(same, plain) and torch.equal(also, plain)
    assert not still.any() and moved.abs().min() > 0


def test_alternating_features_learn_the_inverted_label():
    """Two domains: -ln p of the other one, by hand with p = (3/4, 1/4)."""
    net = nn.Linear(1, 2, bias=False)
    net.weight.data = torch.tensor([[math.log(3)], [0.0]])
    feats = torch.ones(1, 1)
    game = play_alternating(net, feats, torch.tensor([0]), ONE, 2)
    assert game.loss.item() == pytest.approx(math.log(4 / 3))
    assert game.fool.item() == pytest.approx(math.log(4))


@pytest.mark.parametrize('form', list(GAMES))
def test_discriminator_trains_while_the_trunk_is_confused(form):
    """Rows whose first number tells the domain, the second something else.

    The trunk keeps what its own task needs and drops what tells domains;
    without the adversary (λ = 0) the domain stays readable.
    """
    accuracy = {}
    for scale in (0.0, 1.0):
        torch.manual_seed(0)
        labels = torch.arange(400) % 2
        task = torch.randn(400)
        rows = torch.stack([labels * 2.0 - 1, task], 1)
        rows = rows + 0.3 * torch.randn(400, 2)
        trunk, net = nn.Linear(2, 2), nn.Linear(2, 2)
        players = [*trunk.parameters(), *net.parameters()]
        optimizer = torch.optim.SGD(players, lr=0.1)
        start = net.weight.detach().clone()
        for _ in range(400):
            feats = trunk(rows)
            game = GAMES[form](net, feats, labels, torch.tensor(scale), 2)
            loss = game.loss.mean() + (feats[:, 1] - task).square().mean()
            loss = loss if game.fool is None else loss + game.fool.mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        assert not torch.allclose(net.weight, start, atol=1e-2)
        feats = trunk(rows).detach()
        gap = feats[labels == 0].mean(0) - feats[labels == 1].mean(0)
        accuracy[scale] = (gap.norm() / feats.std(0).norm()).item()
        assert (feats[:, 1] - task).square().mean() < 0.2
    assert accuracy[1.0] < accuracy[0.0] / 3
