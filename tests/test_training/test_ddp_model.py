"""The model in two gloo processes, against one with the joined batch."""

import ddp_cases
import pytest
import torch
from small_model import build_model, without_batch_statistics
from two_ranks import start_two_ranks

EVERY = [*ddp_cases.CASES, *ddp_cases.VARIANTS]


@pytest.fixture(scope='module')
def ranks(tmp_path_factory):
    """Parameters by case and ``find_unused_parameters``, of both ranks."""
    out = tmp_path_factory.mktemp('ddp')
    return start_two_ranks(ddp_cases.__file__, out)


@pytest.mark.parametrize('find_unused', [False, True])
@pytest.mark.parametrize('case', EVERY)
def test_ranks_stay_bitwise_equal(ranks, case, find_unused):
    first, second = (rank[case, find_unused] for rank in ranks)
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize('case', EVERY)
def test_two_processes_equal_one(ranks, case):
    """In float64, so that a wrong normaliser can not hide in rounding."""
    joined = ddp_cases.train(case, (0, 1))
    for find_unused in (False, True):
        torch.testing.assert_close(
            ranks[0][case, find_unused], joined, rtol=0, atol=1e-6
        )


def test_every_parameter_has_moved(ranks):
    """Else the equalities above would hold of a model that stands still."""
    start = build_model(without_batch_statistics()).double()
    moved = ranks[0]['unequal numbers', False]
    still = {
        k for k, v in start.named_parameters() if torch.equal(v, moved[k])
    }
    # No box is of the size of the coarser levels.
    assert all('scales' in name for name in still)


def test_every_method_changes_the_update(ranks):
    """Else equality would hold of a branch that does nothing."""
    balancing = [c for c in ddp_cases.VARIANTS if c.startswith('balancing')]
    for case in balancing:
        clips, _ = ddp_cases.VARIANTS[case]
        found = ranks[0][case, False]
        plain = ddp_cases.CHANGES if isinstance(clips, tuple) else clips
        other = ranks[0][plain, False]
        # Of the network; the balancer's clock is no part of it.
        far = max((found[k] - value).abs().max() for k, value in other.items())
        if clips == 'a task labelled nowhere':  # alone, it keeps its gradient
            assert far < 1e-15, case
        elif clips == 'unequal numbers' and any(
            m in case for m in ddp_cases.CONFLICT
        ):
            assert far < 1e-12, case  # nobody opposes anybody there
        else:
            assert far > 1e-6, case
    opposed = [c for c in balancing if 'no boxes' in ddp_cases.VARIANTS[c][0]]
    assert all(any(name in c for c in opposed) for name in ddp_cases.CONFLICT)
