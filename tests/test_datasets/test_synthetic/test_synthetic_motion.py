"""Motion tells the clip label; places do not."""

from __future__ import annotations

import numpy as np
import pytest

from mmvmtl.datasets.synthetic.camera import GRID, camera_path
from mmvmtl.datasets.synthetic.motion import MOTIONS, trajectories
from mmvmtl.datasets.synthetic.scene import select, share_inside
from mmvmtl.datasets.synthetic.shapes import OUTLINES, turned_bounds

SIZE = (256, 192)


def paths(motion, seed=0, num=200, length=48):
    rng = np.random.default_rng(seed)
    return trajectories(motion, num, length, SIZE, rng)


def radial_share(path):
    """Mean cosine between where objects are and where they go."""
    place = path[:, 24] - path[:, 24].mean(0)
    step = path[:, 25] - path[:, 24]
    scale = np.linalg.norm(place, axis=1) * np.linalg.norm(step, axis=1)
    return ((place * step).sum(1) / scale).mean()


@pytest.mark.parametrize(
    ('motion', 'low', 'high'),
    [('disperse', 0.8, 1), ('converge', -1, -0.8), ('rotate', -0.2, 0.2)],
)
def test_objects_move_outwards_inwards_or_around(motion, low, high):
    assert low <= radial_share(paths(motion)) <= high


def test_all_rotate_the_same_way_round():
    path = paths('rotate')
    place = path[:, 24] - path[:, 24].mean(0)
    step = path[:, 25] - path[:, 24]
    spin = place[:, 0] * step[:, 1] - place[:, 1] * step[:, 0]
    assert max((spin > 0).mean(), (spin < 0).mean()) > 0.85


def test_drifting_objects_share_a_direction_and_wanderers_do_not():
    def agreement(path):
        step = path[:, 25] - path[:, 24]
        unit = step / np.linalg.norm(step, axis=1, keepdims=True)
        return np.linalg.norm(unit.mean(0))

    assert agreement(paths('drift')) > 0.95
    assert agreement(paths('wander')) < 0.3


@pytest.mark.parametrize('motion', MOTIONS)
def test_objects_move_between_half_and_four_pixels_a_frame(motion):
    speed = np.linalg.norm(np.diff(paths(motion), axis=1), axis=2)
    assert 1 < np.median(speed) < 4
    assert speed.max() <= 4.01


@pytest.mark.parametrize('motion', MOTIONS)
def test_the_spread_of_places_does_not_tell_the_motion(motion):
    """Mean distances from the centre, over videos and moments."""
    far = []
    for seed in range(60):
        path = paths(motion, seed, num=40)[:, seed % 48]
        shift = path - np.median(path, 0)
        far.append(np.linalg.norm(shift, axis=1).mean())
    assert 80 < np.mean(far) < 120


def test_the_camera_pans_slowly_on_its_grid_and_shakes_little():
    path = camera_path(64, 0.0, np.random.default_rng(0))
    assert (path % GRID == 0).all()
    smooth = np.stack(
        [np.convolve(p, np.ones(9) / 9, 'valid') for p in path.T]
    )
    assert np.abs(np.diff(smooth)).max() < 2


def test_knocks_move_the_camera_at_once_and_seldom():
    steps = np.abs(
        np.diff(camera_path(64, 1.0, np.random.default_rng(1)), axis=0)
    ).max(1)
    assert 2 <= (steps > 8).sum() <= 8


def test_select_fills_every_frame_and_never_overfills():
    rng = np.random.default_rng(0)
    start = rng.integers(0, 40, 100)
    time = np.arange(40)
    inside = (time >= start[:, None] - 20) & (time < start[:, None])
    chosen = select(inside.astype(float), 4, 6, rng)
    count = inside[chosen].sum(0)
    assert count.max() <= 6 and count[:30].min() >= 2
    assert len(set(chosen.tolist())) == len(chosen)


def test_share_inside_by_hand():
    """Half out on the left; a quarter in at the corner; all out."""
    boxes = np.array(
        [[-5, 0, 5, 10], [251, 187, 261, 197], [300, 0, 310, 10.0]]
    )
    assert share_inside(boxes, SIZE).tolist() == [0.5, 0.25, 0]


def test_a_square_turned_by_45_degrees_is_wider_by_root_two():
    square = OUTLINES[1]
    assert np.abs(square).max() == 1
    box = turned_bounds(
        np.array([1]), np.array([[10.0, 10.0]]), np.array([[0, np.pi / 4]])
    )
    side = 10 * np.sqrt(2)
    np.testing.assert_allclose(box[0, 0], [-10, -10, 10, 10])
    np.testing.assert_allclose(box[0, 1], [-side, -side, side, side])
