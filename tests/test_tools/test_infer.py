"""The tool that follows a video: its files, also when it is killed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from sounding_video import write_sounding_mkv

from mmvmtl.apis.sources import open_source

ROOT = Path(__file__).parents[2]


@pytest.fixture
def arguments(tiny_checkpoint, tmp_path) -> list[str]:
    return [
        '--checkpoint', str(tiny_checkpoint), '--device', 'cpu',
        '--out-dir', str(tmp_path / 'out'),
    ]  # fmt: skip


def test_it_leaves_video_tracks_and_json_that_agree(
    tool, frames_folder, arguments, tmp_path, capsys
):
    tool('infer')([str(frames_folder), *arguments, '--batch-size', '4'])
    out = tmp_path / 'out'
    names = sorted(path.name for path in out.iterdir())
    assert names == ['frames.json', 'frames.mp4', 'frames.txt']

    result = json.loads((out / 'frames.json').read_text())
    assert [frame['frame'] for frame in result['frames']] == list(range(6))
    assert result['num_frames'] == 6
    assert result['classes']['cls'][result['clip']['label']] in (
        capsys.readouterr().out
    )

    rows = np.loadtxt(out / 'frames.txt', delimiter=',', ndmin=2)
    boxes = [
        (frame['frame'] + 1, box)
        for frame in result['frames']
        for box in frame['boxes']
    ]
    assert len(rows) == len(boxes) > 0
    for row, (frame, box) in zip(rows, boxes):
        assert tuple(row[:2]) == (frame, box['id'])
        assert row[7] == box['label'] + 1
        assert row[8] == 1
        corner = row[2:4] + row[4:6]
        np.testing.assert_allclose(corner, box['bbox'][2:], atol=0.02)
    assert (rows[:, 1] >= 1).all()

    video = cv2.VideoCapture(str(out / 'frames.mp4'))
    decoded = 0
    while video.read()[0]:
        decoded += 1
    assert decoded == 6


def test_only_the_asked_task_is_written(
    tool, frames_folder, arguments, tmp_path
):
    more = ['--tasks', 'det', '--no-video', '--score-thr', '0']
    tool('infer')([str(frames_folder), *arguments, *more])
    out = tmp_path / 'out'
    assert sorted(p.name for p in out.iterdir()) == [
        'frames.json',
        'frames.txt',
    ]
    result = json.loads((out / 'frames.json').read_text())
    assert result['tasks'] == ['det']
    assert result['clip'] == {}
    rows = np.loadtxt(out / 'frames.txt', delimiter=',', ndmin=2)
    # Detections that nobody follows have no identity.
    assert set(rows[:, 1]) == {-1}


def test_an_mkv_with_longer_sound_is_a_success(
    tool, arguments, tmp_path, capsys
):
    """No exit code: its end is where its pictures end."""
    write_sounding_mkv(tmp_path / 'a.mkv')
    tool('infer')([str(tmp_path / 'a.mkv'), *arguments, '--no-video'])
    result = json.loads((tmp_path / 'out' / 'a.json').read_text())
    assert result['num_frames'] == 10
    assert 'error' not in capsys.readouterr().err


def test_after_a_kill_only_partial_files_are_left(tmp_path, arguments):
    path = str(tmp_path / 'long.mp4')
    code = cv2.VideoWriter.fourcc(*'mp4v')
    writer = cv2.VideoWriter(path, code, 25, (64, 64))
    for _ in range(3000):
        writer.write(np.zeros((64, 64, 3), np.uint8))
    writer.release()
    command = [sys.executable, ROOT / 'tools/infer.py', path, *arguments]
    process = subprocess.Popen(
        [*command, '--batch-size', '1'],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
    )
    out, deadline = tmp_path / 'out', time.monotonic() + 120
    # The video opens with the first result, so all three files are growing.
    while not (out / 'long.partial.mp4').exists():
        assert process.poll() is None, 'it ended before it could be killed'
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    assert process.wait() == -9
    names = {path.name for path in out.iterdir()}
    partial = {f'long.partial.{e}' for e in ('mp4', 'txt', 'json')}
    assert names == partial


class FakeCamera:
    """Gives five frames, then is unplugged; knows neither rate nor length."""

    def __init__(self, index) -> None:
        assert index == 0
        self.left = 5

    def isOpened(self) -> bool:
        return True

    def get(self, key) -> float:
        return -1.0

    def read(self):
        self.left -= 1
        if self.left < 0:
            return False, None
        return True, np.full((48, 64, 3), 40 * self.left, np.uint8)

    def release(self) -> None:
        self.left = 0


def test_a_camera_is_followed_until_it_stops(
    tool, arguments, tmp_path, monkeypatch, capsys
):
    with monkeypatch.context() as patch:
        patch.setattr(cv2, 'VideoCapture', FakeCamera)
        assert open_source('0').length is None
        tool('infer')(['0', *arguments, '--batch-size', '2'])
    assert 'error' not in capsys.readouterr().err
    out = tmp_path / 'out'
    result = json.loads((out / 'camera0.json').read_text())
    assert [frame['frame'] for frame in result['frames']] == list(range(5))
    assert result['fps'] == 25.0
    rows = np.loadtxt(out / 'camera0.txt', delimiter=',', ndmin=2)
    assert len(rows) == sum(len(f['boxes']) for f in result['frames']) > 0
    video = cv2.VideoCapture(str(out / 'camera0.mp4'))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 5
    assert video.get(cv2.CAP_PROP_FPS) == 25.0
