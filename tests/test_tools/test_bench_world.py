"""The speed of the world, in frames drawn for each that is encoded."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mmvmtl.apis.result_file import read_result

PATH = Path(__file__).parents[2] / 'tools' / 'bench_world.py'


@pytest.fixture
def bench():
    spec = importlib.util.spec_from_file_location('bench_world', PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_measured_is_written(bench, tmp_path):
    out = tmp_path / 'world_speed.json'
    argv = ['--repeats', '1', '--videos', '1', '--out', str(out)]
    found = bench.main(argv)
    ratio = found['encode_ms'] / found['draw_ms']
    for name in ('speed_over_imencode', 'lowest', 'highest'):
        assert found[name] == pytest.approx(ratio)
    written = read_result(out)
    assert written['metrics'] == {k: [v] for k, v in found.items()}
    assert written['command'].startswith('python tools/bench_world.py --rep')


def test_a_frame_takes_its_share_of_whole_videos(bench, monkeypatch):
    """Two of 4 frames: 3 + 1 s to draw, 2 + 3 s to encode."""
    clock = iter([0.0, 3.0, 5.0, 7.0, 8.0, 11.0])
    monkeypatch.setattr(bench.time, 'process_time', lambda: next(clock))
    image = np.zeros((8, 8, 3), np.uint8)
    video = SimpleNamespace(length=4, frame=lambda t: (image, {}))
    world = SimpleNamespace(video=lambda index: video)
    assert bench.time_videos(world, range(2)) == (500, 625)


def test_ratios_are_paired_and_the_right_way_round(bench, monkeypatch):
    """4, 2 and 1 ms to draw, 2 ms to encode: 0.5, 1 and 2 times."""
    times = iter([(9.0, 9.0), (4.0, 2.0), (2.0, 2.0), (1.0, 2.0)])
    videos = []

    def time_videos(world, chosen):
        videos.extend(chosen)
        return next(times)

    monkeypatch.setattr(bench, 'time_videos', time_videos)
    found = bench.main(['--repeats', '3', '--videos', '2'])
    assert found == dict(
        draw_ms=2.0,
        encode_ms=2.0,
        speed_over_imencode=1.0,
        lowest=0.5,
        highest=2.0,
    )
    # Two to warm up, then every repeat has videos of its own.
    assert videos == [0, 1, 0, 1, 2, 3, 4, 5]
