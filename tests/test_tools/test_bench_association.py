"""The fixed scene is as described; both sides run and are scored."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from mmvmtl.boxes import iou


@pytest.fixture(scope='module')
def bench():
    path = Path(__file__).parents[2] / 'tools' / 'bench_association.py'
    spec = importlib.util.spec_from_file_location('bench_association', path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_scene_is_as_described(bench):
    """Sides, jitter, 10 % missed, 5 % false, a third beside a neighbour."""
    video = bench.make_scene(60, 100)
    truth = np.array(video.gt_bboxes)
    sides = truth[..., 2:] - truth[..., :2]
    assert sides.min() >= 40 and sides.max() <= 120
    beside = [iou(boxes[2::3], boxes[1::3]).diagonal() > 0 for boxes in truth]
    assert np.mean(beside) == 1
    clear = [(iou(a, b) > 0.5).any(0) for a, b in zip(truth, video.bboxes)]
    true = sum(found.sum() for found in clear) / (60 * 100)
    false = sum((~found).sum() for found in clear) / (60 * 100)
    assert true == pytest.approx(0.9, abs=0.02)
    assert false == pytest.approx(0.05, abs=0.02)


def test_scene_of_a_seed_is_always_the_same(bench):
    one, other = bench.make_scene(9, 5), bench.make_scene(9, 5)
    for a, b in zip(one.bboxes + one.scores, other.bboxes + other.scores):
        np.testing.assert_array_equal(a, b)


def test_ours_is_scored_like_bytetracker(bench):
    """On an easy scene both sides find nearly everything."""
    pytest.importorskip('lap')
    bench.init_default_scope('mmdet')
    row = bench.compare([bench.make_scene(5, 60)], repeats=1)
    assert row['hota']['ours'] > row['hota']['bytetracker'] - 0.5
    assert row['hota']['bytetracker'] > 60
