"""Gramians over ranks, with what ranks send each other written by hand."""

import pytest
import torch

from mmvmtl.models.balancing import gramian as module


@pytest.fixture
def two_ranks(monkeypatch):
    """This rank has ``mine``; the other one sends ``other``."""

    def join(other):
        def all_reduce(data, op='sum'):
            data += other
            if op == 'mean':
                data /= 2

        monkeypatch.setattr(module, 'all_reduce', all_reduce)
        monkeypatch.setattr(module, 'get_world_size', lambda: 2)

    return join


def test_features_of_two_ranks_are_different_coordinates(two_ranks):
    """Framework fact 21: each rank's gradient is half of the joined one."""
    draw = torch.Generator().manual_seed(0)
    mine, other = torch.randn(2, 3, 8, generator=draw).double()
    two_ranks(other @ other.T)
    found = module.feature_gramian([[row] for row in mine])
    joined = torch.cat([mine, other], dim=1) / 2
    torch.testing.assert_close(found, joined @ joined.T)


def test_parameters_of_two_ranks_are_the_same(two_ranks):
    draw = torch.Generator().manual_seed(0)
    mine, other = torch.randn(2, 3, 8, generator=draw).double()
    two_ranks(other)
    found = module.parameter_gramian([[row[:3], row[3:]] for row in mine])
    joined = (mine + other) / 2
    torch.testing.assert_close(found, joined @ joined.T)
