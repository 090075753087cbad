"""Telemetry of two gloo processes, against one with the joined batch."""

import pytest
import telemetry_ranks
from two_ranks import start_two_ranks


@pytest.fixture(scope='module')
def ranks(tmp_path_factory):
    """What each of the two ranks has seen."""
    out = tmp_path_factory.mktemp('telemetry')
    return start_two_ranks(telemetry_ranks.__file__, out)


@pytest.mark.parametrize('case', ['unequal numbers', 'no track labelled'])
def test_two_processes_see_what_one_sees(ranks, case):
    """Norms and cosines of the joined batch, not means of the ranks'."""
    joined = telemetry_ranks.look(case, (0, 1))
    unused = case == 'no track labelled'
    for rank in ranks:
        assert rank[f'{case}, {unused}'] == pytest.approx(
            # The loss of clip labels is computed in float32.
            joined,
            rel=1e-5,
            abs=1e-7,
        )
    assert joined['telemetry.cos_det_track'] != 0
