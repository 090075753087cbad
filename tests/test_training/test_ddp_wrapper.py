"""A stock detector with tasks in two gloo processes, against one."""

import pytest
import torch
import wrapper_ddp
from two_ranks import start_two_ranks


@pytest.fixture(scope='module')
def ranks(tmp_path_factory):
    """Parameters by case and ``find_unused_parameters``, of both ranks."""
    out = tmp_path_factory.mktemp('wrapper')
    return start_two_ranks(wrapper_ddp.__file__, out)


@pytest.mark.parametrize('find_unused', [False, True])
@pytest.mark.parametrize('case', wrapper_ddp.CASES)
def test_two_processes_equal_one(ranks, case, find_unused):
    """In float32, as the head of MMDetection asks for."""
    first, second = (rank[case, find_unused] for rank in ranks)
    assert all(torch.equal(first[name], second[name]) for name in first)
    joined = wrapper_ddp.train(case, (0, 1))
    torch.testing.assert_close(first, joined, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    'case', [c for c in wrapper_ddp.CASES if c != wrapper_ddp.PLAIN]
)
def test_a_method_changes_the_update(ranks, case):
    """Else equality would hold of one that does nothing."""
    plain = ranks[0][wrapper_ddp.PLAIN, False]
    found = ranks[0][case, False]
    far = max((found[name] - plain[name]).abs().max() for name in plain)
    assert far > 1e-4
