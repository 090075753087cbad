"""The blockwise filter against a textbook one on dense 8x8 matrices."""

import numpy as np
import pytest

from mmvmtl.models.trackers.kalman import Kalman, to_cxcywh, to_xyxy

STD_P, STD_V = 0.07, 0.02
BOXES = np.array([[50.0, 60.0, 20.0, 40.0], [10.0, 300.0, 80.0, 16.0]])


def dense_state(state: np.ndarray, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean (8,) and covariance (8, 8) of one track."""
    position, velocity, var, cov, var_v = state[:, row]
    covariance = np.block(
        [[np.diag(var), np.diag(cov)], [np.diag(cov), np.diag(var_v)]]
    )
    return np.concatenate([position, velocity]), covariance


def dense_predict(mean, covariance, gap):
    sides = np.tile(mean[2:4], 2)
    noise = np.diag(np.concatenate([STD_P * sides, STD_V * sides]) ** 2)
    step = np.eye(8) + np.eye(8, k=4)
    for _ in range(gap):
        mean, covariance = step @ mean, step @ covariance @ step.T + noise
    return mean, covariance


def dense_correct(mean, covariance, measure, value, noise):
    innovation = measure @ covariance @ measure.T + noise
    gain = covariance @ measure.T @ np.linalg.inv(innovation)
    return (
        mean + gain @ (value - measure @ mean),
        covariance - gain @ innovation @ gain.T,
    )


@pytest.fixture
def moving():
    """Two tracks some frames old, with correlated position and velocity."""
    kalman = Kalman(STD_P, STD_V)
    state = kalman.initiate(BOXES)
    for t in range(1, 4):
        state = kalman.update(kalman.predict(state, 1), BOXES + 2.5 * t)
    return kalman, state


def test_first_state_by_hand():
    """At rest; deviations 2/20 and 10/160 of the own side."""
    state = Kalman().initiate(BOXES[:1])
    sides = np.array([[20, 40, 20, 40]])
    np.testing.assert_array_equal(state[0], BOXES[:1])
    np.testing.assert_array_equal(state[[1, 3]], 0)
    np.testing.assert_allclose(state[2], (sides / 10) ** 2)
    np.testing.assert_allclose(state[4], (sides / 16) ** 2)


@pytest.mark.parametrize('gap', [1, 2, 7])
def test_predict_is_the_dense_recursion(moving, gap):
    kalman, state = moving
    after = kalman.predict(state, gap)
    for row in range(2):
        expected = dense_predict(*dense_state(state, row), gap)
        for ours, theirs in zip(dense_state(after, row), expected):
            np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


def test_update_is_the_dense_correction(moving):
    kalman, state = moving
    seen = BOXES + np.array([9.0, -4.0, 3.0, -2.0])
    after = kalman.update(state, seen)
    for row in range(2):
        noise = np.diag((STD_P * np.tile(state[0, row, 2:], 2)) ** 2)
        expected = dense_correct(
            *dense_state(state, row), np.eye(4, 8), seen[row], noise
        )
        for ours, theirs in zip(dense_state(after, row), expected):
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_velocity_update_is_the_dense_correction(moving):
    """The measurement matrix picks vx and vy; NaN rows stay bitwise."""
    kalman, state = moving
    after = kalman.update_velocity(
        state, np.array([[7.0, -3.0], [np.nan, np.nan]]), 0.1
    )
    noise = np.diag((0.1 * state[0, 0, 2:]) ** 2)
    expected = dense_correct(
        *dense_state(state, 0), np.eye(8)[4:6], np.array([7.0, -3.0]), noise
    )
    for ours, theirs in zip(dense_state(after, 0), expected):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(after[:, 1], state[:, 1])


def test_sides_shrink_by_half_at_most():
    """w = 20 at -30 a frame stays 10, not -10."""
    kalman = Kalman()
    state = kalman.initiate(BOXES)
    state[1, 0, 2] = -30
    assert kalman.predict(state, 1)[0, 0, 2] == 10


def test_replay_fills_each_gap_by_a_straight_line(moving):
    """Tracks with gaps 3 and 1 equal one by one predict and update."""
    kalman, state = moving
    end = state[0] + np.array([[12.0, 6.0, 0.0, 3.0]])
    after = kalman.replay(state, end, np.array([3, 1]))
    for row, gap in ((0, 3), (1, 1)):
        one = state[:, [row]]
        start, stop = state[0, [row]], end[[row]]
        for t in range(1, gap + 1):
            seen = start + t / gap * (stop - start)
            one = kalman.update(kalman.predict(one, 1), seen)
        np.testing.assert_allclose(after[:, [row]], one, rtol=1e-12)


def test_corners_and_centres_are_inverse():
    corners = np.array([[0.0, 10.0, 20.0, 50.0]])
    np.testing.assert_array_equal(to_cxcywh(corners), [[10, 30, 20, 40]])
    np.testing.assert_array_equal(to_xyxy(to_cxcywh(corners)), corners)
