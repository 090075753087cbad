"""Detection numbers through pycocotools."""

import pytest
import torch

from mmvmtl.evaluation import VideoDetMetric


def test_perfect_boxes_score_1(make_frame, make_clip, evaluate, capsys):
    clip = make_clip([make_frame(0, [0.0, 40.0]), make_frame(1, [5.0])])
    scores = evaluate(VideoDetMetric(), [clip])
    assert scores == pytest.approx({'det/mAP': 1.0, 'det/mAP50': 1.0})
    assert capsys.readouterr().out == ''


def test_shifted_boxes_pass_the_looser_thresholds(
    make_frame, make_clip, evaluate
):
    """Shifted by 1 px both ways: IoU 81 / 119 = 0.68: 4 of 10 thresholds."""
    clip = make_clip([make_frame(0, [0.0], shift=1.0)])
    scores = evaluate(VideoDetMetric(), [clip])
    assert scores == pytest.approx({'det/mAP': 0.4, 'det/mAP50': 1.0})


def test_ignored_boxes_forgive(make_frame, make_clip, evaluate):
    """A better scored false box halves AP, unless it lies on a crowd."""
    found = [80.0, 0.0]
    false = make_clip([make_frame(0, [0.0], lefts_found=found)])
    assert evaluate(VideoDetMetric(), [false])['det/mAP50'] == pytest.approx(
        0.5
    )
    forgiven = make_clip(
        [make_frame(0, [0.0], lefts_found=found, ignored=[80.0])]
    )
    assert evaluate(VideoDetMetric(), [forgiven])[
        'det/mAP50'
    ] == pytest.approx(1)


def test_an_ignored_box_need_not_be_found(make_frame, make_clip, evaluate):
    clip = make_clip([make_frame(0, [0.0], ignored=[80.0])])
    assert evaluate(VideoDetMetric(), [clip])['det/mAP'] == pytest.approx(1)


def test_classwise_names_classes_with_ground_truth(
    make_frame, make_clip, evaluate
):
    frame = make_frame(0, [0.0, 40.0], labels=[1, 1])
    scores = evaluate(VideoDetMetric(classwise=True), [make_clip([frame])])
    assert sorted(scores) == [
        'det/dog/mAP',
        'det/dog/mAP50',
        'det/mAP',
        'det/mAP50',
    ]


def test_wrong_class_is_wrong(make_frame, make_clip, evaluate):
    frame = make_frame(0, [0.0])
    frame.pred_instances.labels = frame.pred_instances.labels + 1
    assert evaluate(VideoDetMetric(), [make_clip([frame])])['det/mAP'] == 0


def test_a_class_that_is_not_labelled_is_no_false_positive(
    make_frame, make_clip, evaluate
):
    """A cat in a frame that only dogs were labelled in, with a dog found.

    It comes first by its score, so it would halve the AP of cats.
    """
    cats = make_frame(0, [0.0])
    dogs = make_frame(1, [0.0], labels=[1], lefts_found=[0.0, 40.0])
    dogs.pred_instances.labels = torch.tensor([1, 0])
    dogs.pred_instances.scores += 0.5
    wanted = {None: 0.5, (0, 1): 0.5, (1,): 1.0}
    for labelled, score in wanted.items():
        dogs.set_metainfo(dict(labelled_classes=labelled))
        scores = evaluate(
            VideoDetMetric(classwise=True), [make_clip([cats, dogs])]
        )
        assert scores['det/cat/mAP50'] == pytest.approx(score)
        assert scores['det/dog/mAP50'] == pytest.approx(1)


def test_no_prediction_scores_0_and_no_truth_scores_nothing(
    make_frame, make_clip, evaluate
):
    missed = make_clip([make_frame(0, [0.0], lefts_found=[])])
    assert evaluate(VideoDetMetric(), [missed])['det/mAP'] == 0
    nothing = make_clip([make_frame(0, [], lefts_found=[3.0])])
    assert evaluate(VideoDetMetric(), [nothing]) == {}


def test_missing_class_names_are_asked_for(make_frame, make_clip):
    metric = VideoDetMetric()
    metric.process(None, [make_clip([make_frame(0, [0.0])]).to_dict()])
    with pytest.raises(ValueError, match="metainfo 'classes'"):
        metric.evaluate(1)
