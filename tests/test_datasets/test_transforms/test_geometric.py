"""Labels and pixels move together, whatever the transform."""

import copy
from itertools import pairwise

import numpy as np
import pytest

from mmvmtl.datasets.transforms import (
    ClipRandomAffine,
    ClipRandomFlip,
    ClipResize,
)
from mmvmtl.datasets.transforms.clip_transform import affine_frame, clip_frame

BOTH = ('horizontal', 'vertical')
TRANSFORMS = {
    'resize': ClipResize((120, 40)),
    'stretch': ClipResize((100, 30), keep_ratio=False),
    'flip': ClipRandomFlip(1.0, BOTH),
    'affine': ClipRandomAffine((96, 64), (0.6, 0.7), 1.3, 0.05, border=0),
}


def run(transform, clip):
    np.random.seed(5)
    return transform(copy.deepcopy(clip))


def centres(frame):
    return (frame['gt_bboxes'][:, :2] + frame['gt_bboxes'][:, 2:]) / 2


@pytest.mark.parametrize('name', TRANSFORMS)
def test_velocities_stay_differences_of_centres(clip, name):
    frames = run(TRANSFORMS[name], clip)['frames']
    for before, now in pairwise(frames):
        np.testing.assert_allclose(
            centres(now) - centres(before), now['gt_velocities'], atol=1e-4
        )


@pytest.mark.parametrize('name', TRANSFORMS)
def test_ids_labels_and_undefined_velocities_stay(clip, name):
    for old, new in zip(clip['frames'], run(TRANSFORMS[name], clip)['frames']):
        for key in ('gt_instances_ids', 'gt_bboxes_labels', 'gt_visibilities'):
            np.testing.assert_array_equal(old[key], new[key])
        np.testing.assert_array_equal(
            np.isnan(old['gt_velocities']), np.isnan(new['gt_velocities'])
        )
        assert new['img'].shape[:2] == new['img_shape']


@pytest.mark.parametrize('name', TRANSFORMS)
def test_a_bright_box_is_found_where_its_label_says(clip, name):
    """The bright pixels' mean is the centre, to a fraction of a pixel."""
    for frame in clip['frames']:
        frame['img'][:] = 0
        x1, y1, x2, y2 = frame['gt_bboxes'][0].astype(int)
        frame['img'][y1:y2, x1:x2] = 255
    for frame in run(TRANSFORMS[name], clip)['frames']:
        grey = frame['img'][..., 0].astype(float)
        rows, columns = np.mgrid[: grey.shape[0], : grey.shape[1]] + 0.5
        found = [(grey * axis).sum() / grey.sum() for axis in (columns, rows)]
        np.testing.assert_allclose(found, centres(frame)[0], atol=0.25)


def test_flipping_twice_changes_nothing(clip):
    flip = TRANSFORMS['flip']
    for old, new in zip(clip['frames'], flip(run(flip, clip))['frames']):
        np.testing.assert_array_equal(old['img'], new['img'])
        for key in ('gt_bboxes', 'gt_velocities'):
            np.testing.assert_allclose(old[key], new[key], atol=1e-5)


def test_each_flip_mirrors_its_own_axis(clip):
    frame = run(ClipRandomFlip(1.0), clip)['frames'][1]
    assert frame['gt_bboxes'][0].tolist() == [45, 22, 57, 31]
    assert frame['gt_velocities'][0].tolist() == [-3, -2]
    frame = run(ClipRandomFlip(1.0, ('vertical',)), clip)['frames'][1]
    assert frame['gt_velocities'][0].tolist() == [3, 2]
    frame = run(ClipRandomFlip(0.0), clip)['frames'][1]
    assert frame['gt_velocities'][0].tolist() == [3, -2]
    with pytest.raises(ValueError, match='diagonal'):
        ClipRandomFlip(directions=('diagonal',))


def test_resize_keeps_the_ratio_and_records_its_factor(clip):
    """80×60 into 120×40: two thirds, 53×40."""
    frame = run(TRANSFORMS['resize'], clip)['frames'][0]
    assert frame['img_shape'] == (40, 53)
    assert frame['scale_factor'] == (53 / 80, 40 / 60)


def test_an_affine_box_holds_its_four_corners(clip):
    frame = clip['frames'][0]
    matrix = np.array([[0.8, -0.6, 5], [0.6, 0.8, -2]])
    x1, y1, x2, y2 = frame['gt_bboxes'][1]
    corners = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
    corners = corners @ matrix[:, :2].T + matrix[:, 2]
    affine_frame(frame, matrix)
    np.testing.assert_allclose(
        frame['gt_bboxes'][1], [*corners.min(0), *corners.max(0)], rtol=1e-5
    )


def test_a_velocity_turns_with_the_image(clip):
    """A quarter turn (x, y) → (−y, x) makes (3, −2) into (2, 3)."""
    frame = clip['frames'][1]
    affine_frame(frame, np.array([[0.0, -1, 60], [1, 0, 0]]))
    np.testing.assert_allclose(frame['gt_velocities'], [[2, 3]] * 2)


def test_two_affine_maps_are_their_product(clip):
    once, twice = copy.deepcopy(clip['frames'][1]), clip['frames'][1]
    a = np.array([[2.0, 0, 1], [0, 0.5, 3]])
    b = np.array([[-1.0, 0, 7], [0, 3, 0]])
    affine_frame(twice, a)
    affine_frame(twice, b)
    whole = np.vstack([b, [0, 0, 1]]) @ np.vstack([a, [0, 0, 1]])
    affine_frame(once, whole[:2])
    for key in ('gt_bboxes', 'gt_velocities'):
        np.testing.assert_allclose(once[key], twice[key], rtol=1e-5)


def test_a_cut_box_is_less_visible_and_little_of_it_is_dropped(clip):
    """Box 0 keeps 6 of 12 columns, box 1 none."""
    frame = clip['frames'][0]
    clip_frame(frame, (60, 26), 0.4)
    assert frame['gt_bboxes'].tolist() == [[20, 24, 26, 33]]
    assert frame['gt_visibilities'].tolist() == [0.5]
    assert frame['gt_instances_ids'].tolist() == [0]
    clip_frame(frame, (60, 22), 0.4)
    assert len(frame['gt_bboxes']) == len(frame['gt_ignore_flags']) == 0


def test_an_affine_clip_without_objects_is_fine(clip):
    for frame in clip['frames']:
        clip_frame(frame, (1, 1), 0)
    out = run(TRANSFORMS['affine'], clip)
    assert out['frames'][2]['gt_bboxes'].shape == (0, 4)


def test_affine_at_probability_0_only_fits_into_the_size(clip):
    frame = run(ClipRandomAffine((160, 160), prob=0.0), clip)['frames'][0]
    assert frame['gt_bboxes'][0].tolist() == [40, 68, 64, 86]
    assert (frame['img'][:19] == 114).all()
    with pytest.raises(ValueError, match='scale'):
        ClipRandomAffine((9, 9), scale=(2, 1))


def test_a_crop_in_its_own_scale_is_the_frames_pixels():
    """The fit halves 64x48, the scale doubles: cut out, not resampled."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)
    box = np.array([[30, 20, 34, 28]], np.float32)
    np.random.seed(0)
    crop = ClipRandomAffine((32, 24), scale=(2.0, 2.0), translate=0.5)
    corners = set()
    for _ in range(20):
        frame = dict(
            img=image,
            scale_factor=(1.0, 1.0),
            gt_bboxes=box.copy(),
            gt_velocities=np.zeros((1, 2), np.float32),
            gt_visibilities=np.ones(1, np.float32),
            gt_ignore_flags=np.zeros(1, bool),
        )
        crop.transform(dict(frames=[frame]))
        found = [
            (top, left)
            for top in range(25)
            for left in range(33)
            if np.array_equal(
                frame['img'], image[top : top + 24, left : left + 32]
            )
        ]
        assert len(found) == 1
        ((top, left),) = found
        if len(frame['gt_bboxes']):
            wanted = box[0] - np.float32([left, top, left, top])
            assert np.allclose(
                frame['gt_bboxes'][0], wanted.clip(0, (32, 24, 32, 24))
            )
        corners.add((top, left))
    assert len(corners) > 15


def test_a_region_to_look_away_from_stays_however_little_is_left(clip):
    """Box 0 keeps 1 of 12 columns."""
    frame = clip['frames'][0]
    frame['gt_ignore_flags'][:] = 1
    clip_frame(frame, (60, 21), 0.4)
    assert frame['gt_bboxes'].tolist() == [[20, 24, 21, 33]]
