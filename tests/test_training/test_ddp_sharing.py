"""Sharing and regularisers in two gloo processes, against one."""

import pytest
import sharing_cases
import torch
from two_ranks import start_two_ranks


@pytest.fixture(scope='module')
def ranks(tmp_path_factory):
    """Parameters by variant and ``find_unused_parameters``, of both ranks."""
    out = tmp_path_factory.mktemp('ddp')
    return start_two_ranks(sharing_cases.__file__, out)


@pytest.mark.parametrize('variant', sharing_cases.VARIANTS)
def test_two_processes_equal_one(ranks, variant):
    """Also where a rank, or every rank, lacks the labels of a task."""
    first, second = (rank[variant, False] for rank in ranks)
    assert all(torch.equal(first[name], second[name]) for name in first)
    joined = sharing_cases.parameters(variant, (0, 1))
    torch.testing.assert_close(first, joined, rtol=0, atol=1e-6)


def test_unused_parameters_may_be_searched_for(ranks):
    for rank in ranks:
        torch.testing.assert_close(
            rank['CGC', True], rank['CGC', False], rtol=0, atol=1e-9
        )


def test_regularisers_move_the_weights(ranks):
    """Else the equality would hold of terms that do nothing."""
    plain, held = (
        ranks[0][variant, False] for variant in ('CrossStitch', 'regularised')
    )

    def apart(found):
        name = 'sharing.levels.0.columns.{}.reduce.conv.weight'
        return (found[name.format('det')] - found[name.format('track')]).norm()

    assert apart(held) < 0.99 * apart(plain)
    trunk = 'backbone.layer1.0.conv1.weight'
    assert held[trunk].norm() < 0.99 * plain[trunk].norm()
