"""Every detector of configs/overfit, as far as a step can show.

That they learn their 8 frames is `make bench-overfit`: minutes, not seconds.
"""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]
NAMES = sorted(path.stem for path in (REPO / 'configs/overfit').glob('*.py'))


@pytest.fixture(scope='module')
def steps(tmp_path_factory):
    """What one step of each config gave, in a fresh process."""
    out = tmp_path_factory.mktemp('steps') / 'steps.json'
    script = REPO / 'tests/helpers/overfit_step.py'
    done = subprocess.run(
        [sys.executable, script, out],
        cwd=REPO,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(out.read_text())


@pytest.mark.parametrize('name', NAMES)
def test_every_parameter_gets_a_gradient(steps, name):
    assert steps[name]['missing'] == []


@pytest.mark.parametrize('name', NAMES)
def test_losses_are_finite_at_the_start(steps, name):
    """An uninitialised head starts in the hundreds (framework fact 21i)."""
    losses = steps[name]['losses']
    assert {key.split('.')[0] for key in losses} >= {'det', 'cls', 'track'}
    assert all(math.isfinite(value) for value in losses.values())
    assert losses['loss'] < 100


@pytest.mark.parametrize('name', NAMES)
def test_answers_for_every_task(steps, name):
    """In the right shapes; an untrained detector may find nothing."""
    found = steps[name]
    assert (found['boxes'], found['velocities'], found['clip']) == (4, 2, 5)


def test_the_six_detectors_are_there():
    assert NAMES == [
        'faster_rcnn_r18',
        'fcos_r18',
        'retinanet_r18',
        'rtmdet_tiny',
        'seed0_r50',
        'yolox_tiny',
    ]
