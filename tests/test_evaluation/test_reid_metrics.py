"""The re-identification protocol on scenes small enough to count."""

from __future__ import annotations

import numpy as np
import pytest

from mmvmtl.evaluation.reid_metrics import (
    ReIDBoxes,
    average_precision,
    first_clear_boxes,
    reid_scores,
)


def make_boxes(rows: list[tuple]) -> ReIDBoxes:
    """Boxes from rows (video, frame, id, label[, visibility])."""
    rows = [row if len(row) == 5 else (*row, np.nan) for row in rows]
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return ReIDBoxes(*columns)


def test_query_is_the_first_clear_box_of_each_instance():
    """0.7 is clear, unknown is clear, an instance never clear asks nothing."""
    boxes = make_boxes(
        [
            (0, 4, 1, 0, 0.7),
            (0, 2, 1, 0, 0.69),
            (0, 3, 2, 0, np.nan),
            (0, 0, 3, 0, 0.1),
            (1, 0, 1, 0, 1.0),
        ]
    )
    assert first_clear_boxes(boxes).tolist() == [0, 2, 4]


def test_golden_value():
    """Query at 0; gallery at distance 1 (other), 2 (same), 3 (same).

    Rank-1 is 0, AP is (1/2 + 2/3) / 2 = 7/12.
    """
    boxes = make_boxes(
        [(0, 0, 1, 0), (0, 12, 2, 0), (0, 12, 1, 0), (0, 13, 1, 0)]
    )
    features = np.array([[0.0], [1.0], [2.0], [3.0]])
    scores = reid_scores(features, boxes, distance='euclidean')
    # Instance 2 has no later box: it asks nothing.
    assert scores['queries'] == 1
    assert scores['rank1'] == 0
    assert scores['mAP'] == pytest.approx(7 / 12)


def test_gap_class_and_other_videos():
    """The gallery starts 12 frames on, in every video, in one class."""
    rows = [
        (0, 0, 1, 0),  # the query
        (0, 11, 2, 0),  # equal to the query, but too early
        (0, 12, 3, 1),  # equal, but of another class
        (0, 12, 1, 0),  # the right answer, a little away
    ]
    features = np.array([[0.0], [0.0], [0.0], [1.0]])

    def rank1(more, values):
        boxes = make_boxes(rows + more)
        all_features = np.concatenate([features, np.reshape(values, (-1, 1))])
        return reid_scores(all_features, boxes, distance='euclidean')['rank1']

    assert rank1([], []) == 1
    assert rank1([(1, 11, 1, 0)], [0.0]) == 1
    assert rank1([(1, 12, 1, 0)], [0.0]) == 0


def test_constant_features_score_as_guessing():
    """1 of 3 gallery boxes is right: 1/3, in whatever order."""
    rows = [(0, 0, 0, 0), *((0, 12, i, 0) for i in range(3))]
    for order in (rows, rows[::-1]):
        scores = reid_scores(np.ones((4, 4)), make_boxes(order))
        assert scores['rank1'] == pytest.approx(1 / 3)
        assert scores['mAP'] == pytest.approx(1 / 3)


def test_cosine_ignores_length_and_euclidean_does_not():
    boxes = make_boxes([(0, 0, 1, 0), (0, 12, 1, 0), (0, 12, 2, 0)])
    features = np.array([[1.0, 0.0], [9.0, 0.0], [1.0, 1.0]])
    assert reid_scores(features, boxes)['rank1'] == 1
    assert reid_scores(features, boxes, distance='euclidean')['rank1'] == 0


def test_perfect_features_score_1_in_any_rotation():
    rng = np.random.default_rng(0)
    rows = [
        (v, f, i, i % 2) for v in (0, 1) for f in (0, 20) for i in range(4)
    ]
    codes = rng.normal(size=(8, 8))
    features = np.stack([codes[4 * v + i] for v, _, i, _ in rows])
    turn = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    for x in (features, features @ turn):
        scores = reid_scores(x, make_boxes(rows))
        assert scores == {'rank1': 1, 'mAP': pytest.approx(1), 'queries': 8}


def test_no_query_gives_no_number():
    assert reid_scores(np.ones((1, 2)), make_boxes([(0, 0, 1, 0)])) == {
        'queries': 0
    }


def test_average_precision_of_ties_is_order_free():
    """One right of two at the same place: precision 1/2 there."""
    for same in ([True, False], [False, True]):
        assert average_precision(np.zeros(2), np.array(same)) == 0.5


@pytest.mark.parametrize(
    ('features', 'distance', 'sentence'),
    [
        (np.ones((1, 2)), 'L3', "'L3' is not known"),
        (np.ones((2, 2)), 'cosine', r'give \(1, E\)'),
        (np.full((1, 2), np.nan), 'cosine', 'must be finite'),
    ],
)
def test_wrong_use_is_refused(features, distance, sentence):
    with pytest.raises(ValueError, match=sentence):
        reid_scores(features, make_boxes([(0, 0, 1, 0)]), distance=distance)
