"""Parts that compare domains in two gloo processes, against one."""

import domain_ddp
import pytest
import torch
from two_ranks import start_two_ranks


@pytest.fixture(scope='module')
def ranks(tmp_path_factory):
    """Parameters by part and case, of both ranks."""
    out = tmp_path_factory.mktemp('ddp')
    return start_two_ranks(domain_ddp.__file__, out)


@pytest.mark.parametrize('case', domain_ddp.CASES)
@pytest.mark.parametrize('name', domain_ddp.PARTS)
def test_two_processes_equal_one(ranks, name, case):
    """In float64, and bitwise equal between the ranks."""
    first, second = (rank[name, case] for rank in ranks)
    assert all(torch.equal(first[key], second[key]) for key in first)
    joined = domain_ddp.train(name, case, (0, 1))
    torch.testing.assert_close(first, joined, rtol=0, atol=1e-6)


@pytest.fixture(scope='module')
def without():
    """The trunk after the same clips without any part."""
    trained = domain_ddp.train(None, 'both domains on both ranks', (0, 1))
    return trained['backbone.conv1.weight']


@pytest.mark.parametrize('name', domain_ddp.PARTS)
def test_the_part_changes_the_trunk(ranks, without, name):
    """Else the equalities above would hold of a part that does nothing."""
    moved = ranks[0][name, 'both domains on both ranks']
    (trunk,) = (v for k, v in moved.items() if k.endswith('e.conv1.weight'))
    assert (trunk - without).abs().max() > 1e-4
    start = dict(domain_ddp.build(name).named_parameters())
    own = [key for key in start if key.startswith('domain.')]
    assert bool(own) == (name in ('reversal', 'alternating'))
    for key in own:
        assert not torch.equal(start[key], moved[key]), key
