"""Telemetry of two gloo processes, against one with the joined batch."""

import json
import os
import subprocess
import sys

import pytest
import telemetry_ranks


@pytest.fixture(scope='module')
def ranks(tmp_path_factory):
    """What each of the two ranks has seen."""
    out = tmp_path_factory.mktemp('telemetry')
    command = [sys.executable, telemetry_ranks.__file__, out / 'store', out]
    processes = [
        subprocess.Popen(
            command, env={**os.environ, 'RANK': str(r), 'WORLD_SIZE': '2'}
        )
        for r in range(2)
    ]
    try:
        codes = [process.wait(timeout=600) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert codes == [0, 0]
    return [json.loads((out / f'{r}.json').read_text()) for r in range(2)]


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
    assert joined['telemetry/cos_det_track'] != 0
