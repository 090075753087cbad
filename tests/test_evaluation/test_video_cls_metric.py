"""Labels of clips and frames."""

import numpy as np
import pytest
import torch

from mmvmtl.evaluation import VideoClsMetric
from mmvmtl.evaluation.video_cls_metric import class_scores


def test_last_chunk_labels_a_video(make_frame, make_clip, evaluate):
    """Chunks in any order; frame 2 comes last in time and says 1."""
    scores = [(0.1, 0.9), (0.6, 0.4), (0.9, 0.1)]
    clips = [
        make_clip([make_frame(t, [])], label=1, scores=s)
        for t, s in zip((2, 0, 1), scores, strict=True)
    ]
    assert evaluate(VideoClsMetric(), clips) == {
        'cls/clip_top1': 1,
        'cls/run/precision': 1,
        'cls/run/recall': 1,
        'cls/run/f1': 1,
    }


def test_class_scores_by_hand():
    """Truth 0 0 0 1 1 2, said 0 0 1 1 0 1: class 2 is never said."""
    pairs = np.array([[0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 0, 1]]).T
    assert class_scores(pairs, ('a', 'b')) == pytest.approx(
        {
            'a/precision': 2 / 3,
            'a/recall': 2 / 3,
            'a/f1': 2 / 3,
            'b/precision': 1 / 3,
            'b/recall': 1 / 2,
            'b/f1': 2 / 5,
            '2/precision': 0,
            '2/recall': 0,
            '2/f1': 0,
        }
    )


def test_frames_count_one_by_one(make_frame, make_clip, evaluate):
    """3 labelled frames of 5, 2 right; overlapping clips count once."""
    frames = [make_frame(t, []) for t in range(5)]
    truth, said = (0, 1, 1, -1, None), (0, 1, 0, 0, 0)
    for frame, label, guess in zip(frames, truth, said):
        if label is not None:
            frame.set_field(torch.tensor([label]), 'gt_frame_label')
        frame.set_field(torch.tensor([guess]), 'pred_frame_label')
    clips = [
        make_clip(frames[:3], labelled=()),
        make_clip(frames[2:], labelled=()),
    ]
    scores = evaluate(VideoClsMetric(), clips)
    assert scores['cls/frame_top1'] == pytest.approx(2 / 3)
    assert scores['cls/1/recall'] == 0.5
    assert 'cls/clip_top1' not in scores
