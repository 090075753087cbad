"""Still images that train tracking."""

import numpy as np
import pytest

from mmvmtl.datasets.transforms import ClipRandomFlip, TwoViews
from mmvmtl.errors import UserError


def still(clip):
    clip['frames'] = clip['frames'][:1]
    clip['labelled'] = ('det',)
    return clip


def affine():
    return dict(type='mmvmtl.ClipRandomAffine', size=(80, 60), scale=(1, 2))


def test_each_box_is_its_own_identity_in_two_frames(clip):
    found = TwoViews([])(still(clip))
    assert found['labelled'] == ('det', 'track')
    first, second = found['frames']
    assert (first['frame_id'], second['frame_id']) == (0, 1)
    assert (first['is_first'], second['is_first']) == (True, False)
    for frame in (first, second):
        assert frame['gt_instances_ids'].tolist() == [0, 1]
        assert np.isnan(frame['gt_velocities']).all()


def test_a_box_keeps_its_identity_where_a_view_has_lost_others(clip):
    """Of the two classes in the clip, label n belongs to identity n."""
    np.random.seed(0)
    lost = 0
    for _ in range(30):
        sample = {**clip, 'frames': [dict(clip['frames'][0])]}
        views = TwoViews(
            [dict(affine(), translate=0.6, min_part=0.9, scale=(1.5, 2))]
        )(still(sample))['frames']
        for frame in views:
            assert frame['gt_instances_ids'].tolist() == (
                frame['gt_bboxes_labels'].tolist()
            )
            lost += 2 - len(frame['gt_instances_ids'])
    assert lost > 0


def test_views_are_drawn_apart_and_leave_each_other_alone(clip):
    np.random.seed(0)
    before = clip['frames'][0]['gt_bboxes'].copy()
    frame = still(clip)['frames'][0]
    first, second = TwoViews([affine()])(clip)['frames']
    assert not np.allclose(first['gt_bboxes'], second['gt_bboxes'])
    assert not np.array_equal(first['img'], second['img'])
    assert np.array_equal(frame['gt_bboxes'], before)


def test_one_view_may_be_flipped_and_the_other_not(clip):
    np.random.seed(1)
    views = [
        TwoViews([ClipRandomFlip()])(
            {**clip, 'frames': [dict(clip['frames'][0])]}
        )['frames']
        for _ in range(20)
    ]
    flipped = [
        [not np.array_equal(v['img'], clip['frames'][0]['img']) for v in pair]
        for pair in views
    ]
    assert [True, False] in flipped and [True, True] in flipped


def test_a_clip_with_identities_of_its_own_is_refused(clip):
    with pytest.raises(UserError, match='3 frames'):
        TwoViews([])(clip)


def test_an_image_without_labels_gets_none(clip):
    """Not even identities: its boxes are not to be looked at."""
    image = {**still(clip), 'labelled': ('cls',)}
    assert TwoViews([])(image)['labelled'] == ('cls',)
