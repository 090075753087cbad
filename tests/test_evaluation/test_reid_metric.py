"""Re-identification at the true boxes of whole videos."""

import pytest
import torch
from mmengine.structures import InstanceData

from mmvmtl.evaluation import ReIDMetric


def with_embeddings(frame, rows):
    frame.gt_readout = InstanceData(embeddings=torch.tensor(rows))
    return frame


@pytest.fixture
def videos(make_frame, make_clip):
    """Two videos; only the video tells the instances of one row apart."""

    def build(later):
        clips = []
        for video, sign in ((0, 1.0), (1, -1.0)):
            first = with_embeddings(
                make_frame(0, [0.0, 40.0]), [[sign, 0.0], [0.0, sign]]
            )
            last = with_embeddings(
                make_frame(12, [0.0, 40.0]),
                (sign * torch.tensor(later)).tolist(),
            )
            clips += [make_clip([f], video_id=video) for f in (first, last)]
        return clips

    return build


def test_instances_are_found_among_all_videos(videos, evaluate):
    clips = videos([[1.0, 0.1], [0.1, 1.0]])
    scores = evaluate(ReIDMetric(), clips)
    assert scores == pytest.approx({'reid/rank1': 1.0, 'reid/mAP': 1.0})


def test_swapped_embeddings_are_wrong(videos, evaluate):
    """The right one is second of four: average precision 1/2."""
    clips = videos([[0.1, 1.0], [1.0, 0.1]])
    scores = evaluate(ReIDMetric(), clips)
    assert scores == pytest.approx({'reid/rank1': 0.0, 'reid/mAP': 0.5})


def test_a_longer_gap_leaves_no_gallery(videos, evaluate):
    clips = videos([[1.0, 0.0], [0.0, 1.0]])
    assert evaluate(ReIDMetric(gap=13), clips) == {}


def test_rows_must_belong_to_the_true_boxes(make_frame, make_clip, evaluate):
    frame = with_embeddings(make_frame(3, [0.0]), [[1.0], [2.0]])
    with pytest.raises(ValueError, match='2 embeddings for 1 true boxes'):
        evaluate(ReIDMetric(), [make_clip([frame])])
