"""What a look costs, at the interval of the hook."""

import sys
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from small_training import small_training

from mmvmtl.apis.result_file import read_result

TOOLS = Path(__file__).parents[2] / 'tools'


@pytest.fixture(scope='module')
def bench():
    sys.path.insert(0, str(TOOLS))
    import bench_telemetry

    yield bench_telemetry
    sys.path.remove(str(TOOLS))


@pytest.fixture
def argv(tmp_path):
    """The tool's arguments for the small model."""
    config = tmp_path / 'small.py'
    Config(dict(small_training(tmp_path))).dump(config)
    return ['--config', str(config), '--rounds', '2']


def test_watched_steps_look_at_what_is_named(bench, argv, monkeypatch):
    """The trunk, then the neck alone; the last of three rounds goes back."""
    looks = []
    report = bench.report

    def watch(tasks, active, losses, gradients):
        found = report(tasks, active, losses, gradients)
        assert found['telemetry.grad_norm_det'] > 0
        looks.append(gradients.shape[1])
        return found

    monkeypatch.setattr(bench, 'report', watch)
    bench.main(argv)
    trunk, neck = looks[:2]
    assert trunk > neck
    assert looks == [trunk, neck, trunk, neck, neck, trunk]


def test_the_cost_is_spread_over_the_interval(
    bench, argv, monkeypatch, tmp_path
):
    """A look adds two steps, at the neck half of one; over 50 steps."""
    times = dict(
        plain=np.array([0.1, 0.2]),
        trunk=np.array([0.3, 0.6]),
        neck=np.array([0.15, 0.3]),
    )
    monkeypatch.setattr(bench, 'in_turn', lambda steps, rounds: times)
    out = tmp_path / 'telemetry.json'
    found = bench.main([*argv, '--out', str(out)])
    assert found == pytest.approx(
        {
            'step_ms': 150,
            'trunk/look_ratio': 3,
            'trunk/ratio_at_50': 1.04,
            'neck/look_ratio': 1.5,
            'neck/ratio_at_50': 1.01,
        }
    )
    written = read_result(out)
    assert written['metrics'] == {k: [v] for k, v in found.items()}
    assert str(out) in written['command']
