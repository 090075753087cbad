"""Gains over single tasks and groupings, by hand."""

import numpy as np
import pytest

from mmvmtl.evaluation import best_groupings, delta_m, grouping_score

DIRECTIONS = {
    'det': {'mAP': True},
    'track': {'rank1': True, 'velocity_mae': False},
}
ALONE = {'mAP': 0.5, 'rank1': 0.8, 'velocity_mae': 2.0}


def test_golden_value():
    """Det +10 %; track (+25 % and an error 50 % up) / 2; their mean."""
    joint = {'mAP': 0.55, 'rank1': 1.0, 'velocity_mae': 3.0}
    gains = delta_m(joint, ALONE, DIRECTIONS)
    assert gains == pytest.approx(
        {'det': 10.0, 'track': -12.5, 'delta_m': -1.25}
    )


def test_the_same_numbers_are_no_gain():
    assert delta_m(ALONE, ALONE, DIRECTIONS)['delta_m'] == 0


@pytest.mark.parametrize('unit', [0.01, 100.0])
def test_units_do_not_matter(unit):
    joint = {'mAP': 0.6, 'rank1': 0.7, 'velocity_mae': 1.0}
    other = [{k: v * unit for k, v in m.items()} for m in (joint, ALONE)]
    assert delta_m(*other, DIRECTIONS) == pytest.approx(
        delta_m(joint, ALONE, DIRECTIONS)
    )


def test_a_missing_metric_is_named():
    with pytest.raises(ValueError, match="joint model has no metric 'mAP'"):
        delta_m({'rank1': 1.0}, ALONE, DIRECTIONS)


@pytest.mark.parametrize('value', [0.0, float('nan')])
def test_there_is_no_ratio_to_nothing(value):
    with pytest.raises(ValueError, match='mAP of the single-task model is'):
        delta_m(ALONE, {**ALONE, 'mAP': value}, DIRECTIONS)


def test_tasks_that_help_each_other_train_together():
    """0 and 2 help each other by 0.2 + 0.1, 1 harms whomever it meets."""
    affinity = np.array([[9, -0.5, 0.2], [-0.1, 9, -0.3], [0.1, 0.05, 9]])
    one, two, three = best_groupings(affinity)
    assert one == [(0, 1, 2)]
    assert two == [(0, 2), (1,)]
    assert three == [(0,), (1,), (2,)]
    assert grouping_score(affinity, two) == pytest.approx(0.3)
    # Task 0 gets (-0.1 + 0.1) / 2, task 1 (-0.5 + 0.05) / 2, 2 the rest.
    assert grouping_score(affinity, one) == pytest.approx(-0.275)
    assert grouping_score(affinity, three) == 0


def test_the_best_grouping_follows_the_tasks():
    affinity = np.random.default_rng(0).normal(size=(5, 5))
    order = np.array([3, 0, 4, 1, 2])
    moved = affinity[np.ix_(order, order)]
    for groups, other in zip(
        best_groupings(affinity), best_groupings(moved), strict=True
    ):
        named = {frozenset(order[list(group)].tolist()) for group in other}
        assert named == {frozenset(group) for group in groups}


def test_every_grouping_is_tried():
    """Bell numbers: a partition is found wherever its score is planted."""
    for groups in ([(0, 3), (1, 2)], [(0,), (1, 2, 3)], [(0, 1), (2, 3)]):
        affinity = np.full((4, 4), -1.0)
        for group in groups:
            affinity[np.ix_(group, group)] = 1.0
        assert best_groupings(affinity)[1] == groups


def test_too_many_tasks_are_refused():
    with pytest.raises(ValueError, match='11 tasks'):
        best_groupings(np.zeros((11, 11)))
