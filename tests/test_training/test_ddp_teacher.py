"""A mean teacher's student in two gloo processes, against one."""

import pytest
import teacher_ddp
import torch
from two_ranks import start_two_ranks


@pytest.fixture(scope='module')
def ranks(tmp_path_factory):
    """The student's parameters by case, of both ranks."""
    out = tmp_path_factory.mktemp('ddp')
    return start_two_ranks(teacher_ddp.__file__, out)


@pytest.mark.parametrize('case', teacher_ddp.CASES)
def test_two_processes_equal_one(ranks, case):
    """In float64, and bitwise equal between the ranks."""
    first, second = (rank[case] for rank in ranks)
    assert all(torch.equal(first[key], second[key]) for key in first)
    joined = teacher_ddp.train(case, (0, 1))
    torch.testing.assert_close(first, joined, rtol=0, atol=1e-6)


def test_pseudo_labels_teach_the_trunk(ranks):
    """Else the equalities above would hold of a teacher without a word."""
    taught = ranks[0]['both domains on both ranks']
    plain = ranks[0]['one domain alone']
    name = 'backbone.conv1.weight'
    assert not torch.allclose(taught[name], plain[name], atol=1e-4)
