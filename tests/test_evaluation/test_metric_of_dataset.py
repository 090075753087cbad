"""Metrics that score one part of joined data sets."""

import pytest
from mmengine.evaluator import Evaluator

from mmvmtl.errors import UserError
from mmvmtl.evaluation import MOTMetric, VideoClsMetric, VideoDetMetric

META = dict(classes=('cat', 'dog'), datasets=('zoo', 'farm'), tasks={})


def evaluate(metrics, clips):
    evaluator = Evaluator(metrics)
    evaluator.dataset_meta = META
    evaluator.process(data_samples=clips)
    return evaluator.evaluate(len(clips))


@pytest.fixture
def clips(make_clip, make_frame):
    """All found in the zoo; on the farm nothing, and the wrong label."""
    return [
        make_clip(
            [make_frame(0, [5, 40])], label=1, scores=(0.1, 0.9), dataset='zoo'
        ),
        make_clip(
            [make_frame(0, [5, 40], shift=90.0)], label=1, scores=(0.9, 0.1),
            video_id=1, dataset='farm',
        ),
    ]  # fmt: skip


def test_each_data_set_has_numbers_of_its_own_in_one_loop(clips):
    metrics = [
        kind(dataset=name)
        for kind in (VideoDetMetric, MOTMetric, VideoClsMetric)
        for name in ('zoo', 'farm')
    ]
    found = evaluate(metrics, clips)
    wanted = {
        'zoo/det/mAP50': 1.0, 'farm/det/mAP50': 0.0,
        'zoo/track/HOTA': 100.0, 'farm/track/HOTA': 0.0,
        'zoo/cls/clip_top1': 1.0, 'farm/cls/clip_top1': 0.0,
    }  # fmt: skip
    for key, value in wanted.items():
        assert found[key] == pytest.approx(value), key
    assert all(key.split('/')[0] in ('zoo', 'farm') for key in found)


def test_without_a_name_all_are_scored_together(clips):
    assert evaluate([VideoClsMetric()], clips)['cls/clip_top1'] == 0.5


def test_a_name_that_is_not_evaluated_is_refused(clips):
    with pytest.raises(UserError, match=r"'fram'.*did you mean 'farm'"):
        evaluate([VideoDetMetric(dataset='fram')], clips)
