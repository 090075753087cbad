"""Inference does not depend on batches, and gives the network's boxes."""

from __future__ import annotations

import json
import signal
from itertools import islice

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from mmvmtl.apis import VideoMTLInferencer
from mmvmtl.apis.interrupt import deferred_interrupt
from mmvmtl.apis.pipeline import inference_pipeline
from mmvmtl.apis.sources import open_source
from mmvmtl.errors import UserError
from mmvmtl.visualization import FrameArtist


@pytest.fixture(scope='module')
def infer(tiny_checkpoint) -> VideoMTLInferencer:
    return VideoMTLInferencer(str(tiny_checkpoint), device='cpu')


@pytest.fixture
def counting(infer, monkeypatch) -> VideoMTLInferencer:
    """Sees a box more in every frame, up to 4, the newest first.

    What an untrained network sees is the same in every frame, and so would
    be the ids of a stream that is lost in between.
    """

    def predict(feats, batch):
        for frame in batch.frames:
            number = min(frame.frame_id + 1, 4)
            left = torch.arange(number).flip(0)[:, None] * 16.0
            boxes = torch.cat([left, left, left + 12, left + 12], dim=1)
            frame.pred_instances = InstanceData(
                bboxes=boxes,
                scores=torch.full((number,), 0.9),
                labels=torch.zeros(number, dtype=torch.long),
            )

    head = infer.model.head.heads['det']
    monkeypatch.setattr(head, 'predict', predict)
    return infer


#: The ids of its boxes.
COUNTED = [[1], [2, 1], [3, 2, 1], *[[4, 3, 2, 1]] * 4]


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


@pytest.mark.parametrize('size', [1, 2, 7])
def test_a_stream_keeps_its_tracks_between_batches(counting, frames, size):
    counting.batch_size = size
    assert _boxes(counting.stream(frames))[0] == COUNTED


def test_two_videos_may_be_followed_in_turn(counting, frames):
    """As two cameras are: each has the tracks it has alone."""
    counting.batch_size = 2
    pairs = zip(
        counting.stream(frames), counting.stream(frames[::-1]), strict=True
    )
    together = [_boxes(results)[0] for results in zip(*pairs, strict=True)]
    assert together == [COUNTED, COUNTED]


def test_a_stream_that_is_left_is_forgotten(infer, frames):
    stream = infer.stream(frames)
    next(stream)
    assert infer.model.streams._streams
    stream.close()
    assert not infer.model.streams._streams


@pytest.fixture
def heard_interrupt():
    """Python's own handler, which a job in the background may not have."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_while_a_frame_is_drawn_loses_nothing(
    infer, frames, tmp_path, monkeypatch, heard_interrupt
):
    """What came until then is whole; a second one ends it at once."""
    folder = tmp_path / 'video'
    folder.mkdir()
    for number, image in enumerate(frames):
        cv2.imwrite(str(folder / f'{number}.png'), image)
    draw, drawn = FrameArtist.draw, []

    def interrupted(*args, **kwargs):
        drawn.append(1)
        if len(drawn) == 3:
            signal.raise_signal(signal.SIGINT)
        return draw(*args, **kwargs)

    monkeypatch.setattr(FrameArtist, 'draw', interrupted)
    summary = infer(folder, tmp_path / 'out')
    assert summary['num_frames'] == 3
    content = json.loads((tmp_path / 'out' / 'video.json').read_text())
    assert len(content['frames']) == 3
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with (
        pytest.raises(KeyboardInterrupt),
        deferred_interrupt() as noted,
    ):
        signal.raise_signal(signal.SIGINT)
        assert noted()
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize('wrap', [list, lambda p: dict(a=None, b=p[0])])
def test_the_pipeline_is_found_in_joined_data_sets(wrap):
    steps = [dict(type='mmvmtl.ClipResize', scale=(8, 8))]
    parts = wrap([dict(type='VideoMTLDataset', pipeline=steps)])
    loader = dict(dataset=dict(type='JoinedDataset', datasets=parts))
    found = inference_pipeline(dict(test_dataloader=loader), None)
    assert found[1:] == steps


@pytest.mark.parametrize(
    ('name', 'length', 'size'),
    [
        ('clips/demo_demo.mp4', 280, (340, 256)),
        ('clips/nuscenes_mini.mp4', 40, (800, 450)),
        ('clips/tests_data_test.mp4', 300, (340, 256)),
        ('pets09/vtest_480x360_795f.avi', 795, (480, 360)),
    ],
)
def test_real_videos_are_followed(infer, shared_data, name, length, size):
    """Untrained, it sees things that are none: they stay in the picture."""
    source = open_source(shared_data / name)
    infer.batch_size = 4
    results = list(infer.stream(islice(source, 10)))
    assert source.length == length
    assert {r.image.shape for r in results} == {(*size[::-1], 3)}
    assert [r.record['frame'] for r in results] == list(range(10))
    # Pictures of something, and not ten of one.
    assert min(r.image.std() for r in results) > 20
    assert (results[0].image != results[9].image).any()
    ids, places = _boxes(results)
    assert set(ids[0]) & set(ids[9])
    assert (places >= 0).all()
    assert (places <= [*size, *size]).all()
