"""HOTA, CLEAR and IDF1: by hand, as mathematics, and against TrackEval."""

from __future__ import annotations

import time

import numpy as np
import pytest

from mmvmtl.boxes import iou
from mmvmtl.evaluation.hota import track_alignment
from mmvmtl.evaluation.mot_metrics import evaluate_mot
from mmvmtl.evaluation.mot_sequence import (
    Frame,
    drop_ignored,
    split_classes,
)

PERFECT = ('HOTA', 'DetA', 'AssA', 'LocA', 'MOTA', 'MOTP', 'IDF1')


def boxes_at(columns: list[float]) -> np.ndarray:
    """Boxes of 10 x 10 px whose left sides are given."""
    x = np.asarray(columns, float).reshape(-1, 1)
    return np.concatenate([x, 0 * x, x + 10, 0 * x + 10], axis=1)


def frame(
    gt: dict[int, float],
    found: dict[int, float],
    gt_labels: list[int] | None = None,
    labels: list[int] | None = None,
) -> Frame:
    """A frame from ``{id: left side}``; boxes are of class 0 if untold."""
    return Frame(
        np.array(list(gt), np.int64),
        np.array(gt_labels or [0] * len(gt), np.int64),
        boxes_at(list(gt.values())),
        np.array(list(found), np.int64),
        np.array(labels or [0] * len(found), np.int64),
        boxes_at(list(found.values())),
    )


def random_video(seed: int, num_frames: int = 15) -> list[Frame]:
    """Objects of three classes that walk, with errors of every kind."""
    rng = np.random.default_rng(seed)
    num = 9
    # Every other scene is so crowded that matches compete.
    centre = rng.uniform(0, 35 if seed % 2 else 120, (num, 2))
    labels = rng.integers(0, 3, num)
    track_ids = rng.permutation(num) + 1
    frames = []
    for _ in range(num_frames):
        centre += rng.normal(0, 4, centre.shape)
        boxes = np.concatenate([centre - 12, centre + 12], axis=1)
        if rng.random() < 0.3:  # two tracks swap
            a, b = rng.choice(num, 2, replace=False)
            track_ids[[a, b]] = track_ids[[b, a]]
        seen, found = rng.random(num) < 0.8, rng.random(num) < 0.8
        guess = np.where(rng.random(num) < 0.1, (labels + 1) % 3, labels)
        noisy = boxes + rng.normal(0, 2, boxes.shape)
        false = rng.uniform(0, 100, (2, 2))
        frames.append(
            Frame(
                np.arange(num)[seen],
                labels[seen],
                boxes[seen],
                np.concatenate(
                    [track_ids[found], rng.choice(90, 2, False) + 50]
                ),
                np.concatenate([guess[found], rng.integers(0, 3, 2)]),
                np.concatenate(
                    [noisy[found], np.concatenate([false, false + 20], 1)]
                ),
            )
        )
    empty = frames[3].select(
        np.zeros(len(frames[3].gt_ids), bool), slice(None)
    )
    nothing = frames[7].select(slice(None), np.zeros(len(frames[7].ids), bool))
    return [*frames[:3], empty, *frames[4:7], nothing, *frames[8:]]


def test_golden_value():
    """One object in 4 frames, followed by track 1, then 2 (IoU 1), 2 + 2.

    DetA is 1. Each of the 4 pairs has Jaccard 2 / (4 + 2 - 2) = 1/2, so AssA
    is 1/2 and HOTA the root of 1/2. One switch: MOTA = 1 - 1/4. IDF1 pairs
    2 boxes: 2 * 2 / (4 + 4) = 1/2.
    """
    video = [frame({7: 0.0}, {1 + t // 2: 0.0}) for t in range(4)]
    scores = evaluate_mot([video]).class_mean
    assert scores['DetA'] == pytest.approx(100)
    assert scores['AssA'] == pytest.approx(50)
    assert scores['HOTA'] == pytest.approx(100 * np.sqrt(0.5))
    assert scores['MOTA'] == pytest.approx(75)
    assert scores['IDF1'] == pytest.approx(50)
    assert (scores['IDSW'], scores['FP'], scores['FN']) == (1, 0, 0)


def test_location_threshold_by_hand():
    """Shifted by 2.5 of 10 px the IoU is 7.5 / 12.5 = 0.6: 12 of 19 alphas.

    At those DetA = AssA = HOTA = 1, at the others 0.
    """
    video = [frame({0: 0.0}, {1: 2.5}) for _ in range(3)]
    scores = evaluate_mot([video]).class_mean
    assert scores['HOTA'] == pytest.approx(100 * 12 / 19)
    assert scores['MOTP'] == pytest.approx(60)


def test_alignment_of_tracks_by_hand():
    """Two frames, IoU 0.6 of the one pair in the first, nothing found then.

    The pair shares 0.6 / (0.6 + 0.6 - 0.6) = 1 box, of 2 + 1 - 1 = 2.
    """
    video = [frame({0: 0.0}, {1: 2.5}), frame({0: 0.0}, {})]
    alignment = track_alignment(split_classes(video, [0])[0])
    assert alignment == pytest.approx(0.5)


def test_perfect_tracks_score_100():
    video = [
        Frame(f.gt_ids, f.gt_labels, f.gt_boxes, f.gt_ids + 5, *rest)
        for f in random_video(0)
        for rest in [(f.gt_labels, f.gt_boxes)]
    ]
    result = evaluate_mot([video])
    for scores in (result.class_mean, result.pooled):
        assert [scores[name] for name in PERFECT] == pytest.approx([100] * 7)
        assert (scores['IDSW'], scores['FP'], scores['FN']) == (0, 0, 0)


def test_swapped_ids_lower_association_only():
    """Two objects whose tracks change places in the middle."""
    straight = [frame({0: 0.0, 1: 50.0}, {1: 0.0, 2: 50.0}) for _ in range(4)]
    crossed = [frame({0: 0.0, 1: 50.0}, {2: 0.0, 1: 50.0}) for _ in range(4)]
    before = evaluate_mot([straight + straight]).class_mean
    after = evaluate_mot([straight + crossed]).class_mean
    assert after['DetA'] == before['DetA'] == pytest.approx(100)
    # 4 common boxes, tracks of 8: 4 / (8 + 8 - 4) = 1/3.
    assert after['AssA'] == pytest.approx(100 / 3)
    assert after['IDSW'] == 2


def test_a_track_interrupted_by_a_miss_is_no_switch():
    video = [frame({0: 0.0}, {3: 0.0} if t != 2 else {}) for t in range(5)]
    scores = evaluate_mot([video]).class_mean
    assert (scores['IDSW'], scores['FN']) == (0, 1)
    assert scores['MOTA'] == pytest.approx(80)


def test_clear_keeps_the_pair_of_the_frame_before():
    """Track 1 stays with the object though track 2 now lies closer.

    A frame without any prediction in between does not end that.
    """
    start, end = frame({0: 0.0}, {1: 0.0}), frame({0: 0.0}, {1: 2.0, 2: 0.0})
    for video in ([start, end], [start, frame({0: 0.0}, {}), end]):
        scores = evaluate_mot([video]).class_mean
        assert (scores['IDSW'], scores['FP']) == (0, 1)
        assert scores['MOTP'] == pytest.approx(100 * (1 + 8 / 12) / 2)


@pytest.mark.parametrize('seed', range(3))
def test_numbering_order_and_time_do_not_matter(seed):
    """Other ids, rows in another order, time reversed: the same HOTA, IDF1.

    Switches look back in time, so CLEAR is left out of the reversal.
    """
    rng = np.random.default_rng(seed)
    video = random_video(seed)
    renamed = rng.permutation(1000)
    other = []
    for scene in video:
        gt = rng.permutation(len(scene.gt_ids))
        rows = rng.permutation(len(scene.ids))
        new = scene.select(gt, rows)
        other.append(
            Frame(
                renamed[new.gt_ids] - 500,
                new.gt_labels,
                new.gt_boxes,
                renamed[new.ids] * 2**40,
                new.labels,
                new.boxes,
            )
        )
    a = evaluate_mot([video]).class_mean
    assert evaluate_mot([other]).class_mean == pytest.approx(a)
    backwards = evaluate_mot([video[::-1]]).class_mean
    for name in ('HOTA', 'DetA', 'AssA', 'IDF1'):
        assert backwards[name] == pytest.approx(a[name])


def test_a_video_twice_scores_as_once():
    """Sums are combined over videos, ids are not shared between them."""
    once = evaluate_mot([random_video(1)])
    twice = evaluate_mot([random_video(1), random_video(1)])
    for name in PERFECT:
        assert twice.class_mean[name] == pytest.approx(once.class_mean[name])
    assert twice.class_mean['FN'] == 2 * once.class_mean['FN']


def test_a_huge_id_costs_no_memory():
    """The official code would ask for 2^45 entries."""
    video = [frame({2**45: 0.0}, {2**45 + 1: 0.0}) for _ in range(3)]
    assert evaluate_mot([video]).class_mean['HOTA'] == pytest.approx(100)


def test_empty_sides():
    """No predictions: all missed. No ground truth: nothing to average."""
    missed = evaluate_mot([[frame({1: 0.0}, {})] * 2])
    assert missed.class_mean['HOTA'] == 0
    assert missed.class_mean['FN'] == 2
    false = evaluate_mot([[frame({}, {1: 0.0})] * 2])
    assert false.class_mean == {}
    assert false.pooled['FP'] == 2
    assert false.pooled['HOTA'] == 0
    assert evaluate_mot([]).class_mean == {}
    assert evaluate_mot([[]], labels=[0]).pooled['FP'] == 0
    assert evaluate_mot([[frame({}, {})]]).per_class == {}


def test_class_mean_counts_classes_with_ground_truth():
    """Class 0 perfect, class 1 missed, class 2 only invented: (100 + 0) / 2.

    Counts are summed over all three.
    """
    video = [frame({0: 0.0, 1: 50.0}, {1: 0.0, 9: 80.0}, [0, 1], [0, 2])]
    result = evaluate_mot([video])
    assert result.class_mean['HOTA'] == pytest.approx(50)
    assert (result.class_mean['FP'], result.class_mean['FN']) == (1, 1)
    # 1 right of 3 boxes that exist on either side.
    assert result.pooled['DetA'] == pytest.approx(100 / 3)


def test_wrong_class_is_no_match():
    video = [frame({0: 0.0}, {1: 0.0}, [0], [1])]
    assert evaluate_mot([video]).class_mean['MOTA'] == 0


def test_an_id_twice_in_a_frame_is_refused():
    bad = frame({0: 0.0, 1: 30.0}, {4: 0.0, 5: 30.0})
    bad = Frame(
        bad.gt_ids,
        bad.gt_labels,
        bad.gt_boxes,
        bad.ids * 0 + 4,
        bad.labels,
        bad.boxes,
    )
    with pytest.raises(ValueError, match='Frame 1: tracker id 4 appears'):
        evaluate_mot([[frame({0: 0.0}, {1: 0.0}), bad]])


def test_ignored_regions_forgive_unmatched_boxes_of_their_class():
    """Covered: 60 % (dropped), 40 % (kept), of another class (kept).

    A box that matches a true one is kept, though it lies in the region.
    """
    scene = frame(
        {0: 0.0}, {1: 0.0, 2: 14.0, 3: 16.0, 4: 10.0}, labels=[0, 0, 0, 1]
    )
    region, of_class = np.array([[-20.0, 0, 20, 10]]), np.array([0])
    assert drop_ignored(scene, region, of_class).ids.tolist() == [1, 3, 4]
    every = drop_ignored(scene, region, np.array([-1]))
    assert every.ids.tolist() == [1, 3]
    assert drop_ignored(scene, np.empty((0, 4)), np.empty(0)) is scene


def test_a_true_box_of_another_class_does_not_save_from_an_ignored_region():
    scene = frame({0: 0.0}, {1: 0.0}, [1], [0])
    left = drop_ignored(scene, scene.gt_boxes, np.array([0]))
    assert left.ids.size == 0


@pytest.mark.parametrize('seed', range(6))
def test_agrees_with_trackeval(seed):
    """Every number of every class, of several videos, to 1e-6."""
    trackeval = pytest.importorskip('trackeval')
    videos = [random_video(10 * seed + k, 12 + k) for k in range(3)]
    result = evaluate_mot(videos, [0, 1, 2])
    metrics = (
        trackeval.metrics.HOTA(),
        trackeval.metrics.CLEAR({'PRINT_CONFIG': False}),
        trackeval.metrics.Identity({'PRINT_CONFIG': False}),
    )
    for metric in metrics:
        classes = {}
        for label in range(3):
            rows = {
                index: metric.eval_sequence(as_trackeval(video, label))
                for index, video in enumerate(videos)
            }
            classes[label] = metric.combine_sequences(rows)
            compare(result.per_class[label], classes[label])
        compare(
            result.class_mean, metric.combine_classes_class_averaged(classes)
        )
        compare(result.pooled, metric.combine_classes_det_averaged(classes))


def as_trackeval(video: list[Frame], label: int) -> dict:
    """The input of the official code, its ids numbered by hand."""
    gt = [f.gt_labels == label for f in video]
    own = [f.labels == label for f in video]
    gt_ids = [f.gt_ids[m] for f, m in zip(video, gt, strict=True)]
    ids = [f.ids[m] for f, m in zip(video, own, strict=True)]
    gt_values, values = np.unique(np.hstack(gt_ids)), np.unique(np.hstack(ids))
    return {
        'gt_ids': [np.searchsorted(gt_values, x) for x in gt_ids],
        'tracker_ids': [np.searchsorted(values, x) for x in ids],
        'similarity_scores': [
            iou(f.gt_boxes[a], f.boxes[b])
            for f, a, b in zip(video, gt, own, strict=True)
        ],
        'num_gt_ids': len(gt_values),
        'num_tracker_ids': len(values),
        'num_gt_dets': sum(map(len, gt_ids)),
        'num_tracker_dets': sum(map(len, ids)),
        'num_timesteps': len(video),
    }


def compare(ours: dict, theirs: dict) -> None:
    """Compare the scores that the official result holds."""
    for name, value in theirs.items():
        count = name.removeprefix('CLR_')
        if count in ('IDSW', 'FP', 'FN', 'TP') and not name.startswith('HOTA'):
            assert ours[count] == value, name
        elif name in (*PERFECT, 'IDR', 'IDP'):
            assert ours[name] == pytest.approx(100 * np.mean(value), abs=1e-6)


def test_80_frames_of_30_objects_take_less_than_a_second():
    rng = np.random.default_rng(0)
    left = np.arange(30) * 20.0
    frames = [
        frame(
            dict(enumerate(left)),
            dict(enumerate(left + rng.normal(0, 1, 30))),
        )
        for _ in range(80)
    ]
    start = time.process_time()
    evaluate_mot([frames])
    assert time.process_time() - start < 1
