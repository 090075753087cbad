"""The configs of sharing schemes, in a fresh process."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from mmvmtl.config_guard import load_config

REPO = Path(__file__).parents[2]
CONFIGS = sorted((REPO / 'configs/synthetic/sharing').glob('*.py'))
NAMES = [path.stem for path in CONFIGS]


@pytest.fixture(scope='module')
def steps(tmp_path_factory):
    """What one step of each config gave, in a fresh process."""
    out = tmp_path_factory.mktemp('steps') / 'steps.json'
    script = REPO / 'tests/helpers/sharing_step.py'
    done = subprocess.run(
        [sys.executable, script, out, *CONFIGS],
        cwd=REPO,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(out.read_text())


@pytest.mark.parametrize('path', CONFIGS, ids=NAMES)
def test_no_name_in_it_is_misspelt(path):
    load_config(path)


@pytest.mark.parametrize('name', NAMES)
def test_every_parameter_gets_a_gradient(steps, name):
    assert steps[name]['missing'] == []


@pytest.mark.parametrize('name', NAMES)
def test_losses_are_those_of_a_sound_start(steps, name):
    losses = steps[name]['losses']
    assert all(math.isfinite(value) for value in losses.values())
    assert losses['loss'] < 100


def test_every_scheme_has_a_config():
    schemes = ('cgc', 'cross_stitch', 'mmoe', 'mtan', 'ple')
    assert [f'{scheme}_rtmdet_tiny' for scheme in schemes] == NAMES
