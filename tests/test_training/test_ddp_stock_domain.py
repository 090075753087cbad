"""Stock models that compare domains in two gloo processes, against one."""

import pytest
import stock_domain_ddp
import torch
from two_ranks import start_two_ranks

BOTH, APART = stock_domain_ddp.CASES


@pytest.fixture(scope='module')
def ranks(tmp_path_factory):
    """Parameters by model and case, of both ranks."""
    out = tmp_path_factory.mktemp('ddp')
    return start_two_ranks(stock_domain_ddp.__file__, out)


@pytest.mark.parametrize('case', stock_domain_ddp.CASES)
@pytest.mark.parametrize('kind', stock_domain_ddp.KINDS)
def test_ranks_stay_equal_and_every_part_moves(ranks, kind, case):
    """Also where a rank has nothing that is labelled."""
    first, second = (rank[kind, case] for rank in ranks)
    assert all(torch.equal(first[key], second[key]) for key in first)
    start = dict(stock_domain_ddp.build(kind).named_parameters())
    moved = {k for k, v in first.items() if not torch.equal(v, start[k])}
    for part in ('detector.backbone.', 'head', 'domain.'):
        assert any(part in name for name in moved), part


@pytest.mark.parametrize(
    'kind, case',
    [
        *((kind, BOTH) for kind in stock_domain_ddp.KINDS),
        # A recogniser divides by the clips of its own rank.
        ('detector', APART),
    ],
)
def test_two_processes_equal_one(ranks, kind, case):
    joined = stock_domain_ddp.train(kind, case, (0, 1))
    torch.testing.assert_close(
        ranks[0][kind, case], joined, rtol=1e-3, atol=1e-5
    )
