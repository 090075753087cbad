"""Tracking and velocity numbers of whole videos."""

import numpy as np
import pytest
import torch

from mmvmtl.evaluation import MOTMetric

NAN = float('nan')


def test_perfect_tracks(make_frame, make_clip, evaluate):
    clip = make_clip([make_frame(t, [0.0 + t, 40.0 - t]) for t in range(5)])
    assert evaluate(MOTMetric(), [clip]) == pytest.approx(
        {
            'track/HOTA': 100.0,
            'track/DetA': 100.0,
            'track/AssA': 100.0,
            'track/MOTA': 100.0,
            'track/IDF1': 100.0,
            'track/IDSW': 0,
        }
    )


def test_chunks_of_a_video_are_one_video(make_frame, make_clip, evaluate):
    """A switch at a chunk's border is seen, in any order of chunks."""
    frames = [make_frame(t, [0.0], ids=[1 if t < 3 else 2]) for t in range(6)]
    whole = evaluate(MOTMetric(), [make_clip(frames)])
    assert whole['track/IDSW'] == 1
    for size in (1, 2, 3):
        chunks = [make_clip(frames[k : k + size]) for k in range(0, 6, size)]
        assert evaluate(MOTMetric(), chunks[::-1], batch=2) == whole


def test_two_videos_share_no_ids(make_frame, make_clip, evaluate):
    """Track 1 is another object in the second video: no switch."""
    clips = [
        make_clip([make_frame(t, [0.0]) for t in range(2)], video_id=v)
        for v in (10, 9)
    ]
    scores = evaluate(MOTMetric(), clips)
    assert scores['track/HOTA'] == pytest.approx(100)


def test_videos_of_two_data_sets_may_share_a_number(
    make_frame, make_clip, evaluate
):
    clips = [
        make_clip([make_frame(0, [0.0], lefts_found=found)], video_name=name)
        for name, found in (('a', [0.0]), ('b', []))
    ]
    assert evaluate(MOTMetric(), clips)['track/MOTA'] == pytest.approx(50)


def test_id_0_is_no_track(make_frame, make_clip, evaluate):
    frame = make_frame(0, [0.0], lefts_found=[0.0, 40.0], ids=[1, 0])
    assert evaluate(MOTMetric(), [make_clip([frame])])[
        'track/MOTA'
    ] == pytest.approx(100)


def test_a_class_that_is_not_labelled_is_no_false_track(
    make_frame, make_clip, evaluate
):
    """A cat is followed in the second frame, where none was labelled."""
    dogs = make_frame(1, [], lefts_found=[0.0])
    clip = make_clip([make_frame(0, [0.0]), dogs])
    assert evaluate(MOTMetric(), [clip])['track/MOTA'] == 0
    dogs.set_metainfo(dict(labelled_classes=(1,)))
    assert evaluate(MOTMetric(), [clip])['track/MOTA'] == 100


def test_ignored_boxes_forgive(make_frame, make_clip, evaluate):
    found = {'lefts_found': [0.0, 40.0]}
    bare = make_clip([make_frame(0, [0.0], **found)])
    assert evaluate(MOTMetric(), [bare])['track/MOTA'] == 0
    forgiven = make_clip([make_frame(0, [0.0], ignored=[41.0], **found)])
    scores = evaluate(MOTMetric(), [forgiven])
    assert scores['track/MOTA'] == pytest.approx(100)


def test_velocity_error_by_hand(make_frame, make_clip, evaluate):
    """Errors (-1, 0), (0, 3): mean 1. Zero: (3, 1), (2, 2): mean 2.

    The third box has no true velocity, the fourth no matching prediction.
    """
    frame = make_frame(
        0,
        [0.0, 40.0, 80.0, 120.0],
        velocities=[[3.0, -1.0], [2.0, 2.0], [NAN, NAN], [9.0, 9.0]],
        lefts_found=[0.0, 40.0, 80.0, 160.0],
        moves=[[2.0, -1.0], [2.0, 5.0], [7.0, 7.0], [0.0, 0.0]],
    )
    scores = evaluate(MOTMetric(), [make_clip([frame])])
    assert scores['track/velocity_mae'] == pytest.approx(1)
    assert scores['track/velocity_mae_zero'] == pytest.approx(2)


def test_velocity_of_another_class_is_not_compared(
    make_frame, make_clip, evaluate
):
    """The key stays, though NaN: a training may save the best by it."""
    frame = make_frame(0, [0.0], velocities=[[2.0, 0.0]], moves=[[2.0, 0.0]])
    tracks = frame.pred_track_instances
    tracks.labels = tracks.labels + 1
    scores = evaluate(MOTMetric(), [make_clip([frame])])
    assert np.isnan(scores['track/velocity_mae'])
    assert np.isnan(scores['track/velocity_mae_zero'])


def test_velocity_without_tracker_comes_from_detections(
    make_frame, make_clip, evaluate
):
    frame = make_frame(0, [0.0], velocities=[[2.0, 0.0]])
    del frame.pred_track_instances
    frame.pred_instances.velocities = torch.tensor([[2.0, 1.0]])
    assert evaluate(MOTMetric(), [make_clip([frame])]) == {
        'track/velocity_mae': 0.5,
        'track/velocity_mae_zero': 1.0,
    }


def test_velocity_of_a_first_frame_is_unknown(make_frame, make_clip, evaluate):
    """Of two true velocities one has no prediction: the other counts."""
    frames = [make_frame(t, [0.0], velocities=[[2.0, 0.0]]) for t in (0, 1)]
    for frame, guess in zip(frames, (float('nan'), 1.0), strict=True):
        frame.pred_track_instances.velocities = torch.tensor([[guess, 0.0]])
    scores = evaluate(MOTMetric(), [make_clip(frames)])
    assert scores['track/velocity_mae'] == pytest.approx(0.5)


def test_boxes_without_ids_are_not_tracked(make_frame, make_clip, evaluate):
    frame = make_frame(0, [0.0])
    del frame.pred_track_instances.instances_id
    assert evaluate(MOTMetric(), [make_clip([frame])]) == {}


def test_classwise(make_frame, make_clip, evaluate):
    frame = make_frame(0, [0.0, 40.0], labels=[0, 1])
    frame.pred_track_instances = frame.pred_track_instances[:1]
    scores = evaluate(MOTMetric(classwise=True), [make_clip([frame])])
    assert scores['track/cat/HOTA'] == pytest.approx(100)
    assert scores['track/dog/HOTA'] == 0
    assert scores['track/HOTA'] == pytest.approx(50)
