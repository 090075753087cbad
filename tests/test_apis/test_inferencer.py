"""Inference does not depend on batches, and gives the network's boxes."""

from __future__ import annotations

import numpy as np
import pytest

from mmvmtl.apis import VideoMTLInferencer
from mmvmtl.errors import UserError


@pytest.fixture(scope='module')
def infer(tiny_checkpoint) -> VideoMTLInferencer:
    return VideoMTLInferencer(str(tiny_checkpoint), device='cpu')


@pytest.fixture(scope='module')
def frames() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    # Twice the input size: boxes must come back in these pixels.
    return [rng.integers(0, 255, (96, 128, 3), np.uint8) for _ in range(7)]


def _boxes(results) -> tuple[list, np.ndarray]:
    records = [result.record for result in results]
    ids = [[b['id'] for b in r['boxes']] for r in records]
    places = [b['bbox'] for r in records for b in r['boxes']]
    return ids, np.array(places)


@pytest.mark.parametrize('size', [1, 3, 16])
def test_tracks_do_not_depend_on_the_batch_size(infer, frames, size):
    infer.batch_size = 7
    ids, places = _boxes(infer.stream(frames))
    assert sum(map(len, ids)) > 0
    infer.batch_size = size
    other_ids, other_places = _boxes(infer.stream(frames))
    assert other_ids == ids
    np.testing.assert_allclose(other_places, places, atol=2e-3)


def test_boxes_are_in_the_pixels_of_the_given_frames(infer, frames):
    _, places = _boxes(infer.stream(frames))
    assert places[:, 2].max() > 64
    assert places[:, 0::2].max() <= 128.5
    assert places[:, 1::2].max() <= 96.5


def test_a_second_video_begins_with_id_one_again(infer, frames):
    first, _ = _boxes(infer.stream(frames))
    second, _ = _boxes(infer.stream(frames))
    assert first == second
    assert min(i for frame in first for i in frame) == 1


def test_tasks_that_are_not_asked_leave_nothing(tiny_checkpoint, frames):
    only = VideoMTLInferencer(
        str(tiny_checkpoint), device='cpu', tasks=['det'], score_thr=0.0
    )
    result = next(only.stream(frames))
    assert result.clip == {}
    assert {box['id'] for box in result.record['boxes']} == {None}


def test_scores_below_the_threshold_are_left_out(tiny_checkpoint, frames):
    high = VideoMTLInferencer(
        str(tiny_checkpoint), device='cpu', score_thr=0.9
    )
    assert all(not r.record['boxes'] for r in high.stream(frames))


def test_an_unknown_task_is_named(tiny_checkpoint):
    with pytest.raises(UserError, match="'pose'"):
        VideoMTLInferencer(str(tiny_checkpoint), device='cpu', tasks=['pose'])
