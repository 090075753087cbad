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


@pytest.mark.parametrize('name', domain_ddp.PARTS)
def test_the_part_changes_the_trunk(ranks, name):
    """Else the equalities above would hold of a part that does nothing."""
    start = domain_ddp.build(name)
    moved = ranks[0][name, 'both domains on both ranks']
    plain = ranks[0][name, 'one domain alone']
    for key, value in start.named_parameters():
        if key.startswith('domain.'):
            assert not torch.equal(value, moved[key]), key
    key = next(k for k in moved if k.endswith('backbone.conv1.weight'))
    assert not torch.equal(moved[key], plain[key])
