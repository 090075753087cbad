"""Clips of the synthetic world as any MMEngine data set gives them."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from mmengine.dataset import ClassBalancedDataset, ConcatDataset, RepeatDataset
from torch.utils.data import DataLoader

from mmvmtl.datasets.samplers import VideoSampler
from mmvmtl.datasets.synthetic import SyntheticVideoDataset, SyntheticWorld
from mmvmtl.errors import UserError


def build(**kwargs):
    args = dict(
        world=dict(size=(128, 96), length=20), split='train', num_videos=4
    )
    return SyntheticVideoDataset(**(args | kwargs))


def test_a_clip_obeys_the_contract():
    clip = build(clip=dict(length=5, stride=2))[1]
    assert clip['labelled'] == ('det', 'track', 'cls')
    assert len(clip['frames']) == 5 and 0 <= clip['key_frame'] < 5
    times = [frame['frame_id'] for frame in clip['frames']]
    assert np.diff(times).tolist() == [2] * 4
    for frame in clip['frames']:
        assert frame['img'].shape == (96, 128, 3)
        assert frame['is_first'] == (frame['frame_id'] == 0)
        num = len(frame['gt_bboxes'])
        assert frame['gt_bboxes'].dtype == np.float32
        assert frame['gt_bboxes_labels'].dtype == np.int64
        assert frame['gt_velocities'].shape == (num, 2)
        assert not frame['gt_ignore_flags'].any()


def test_the_same_epoch_gives_the_same_clip_and_the_next_fresh_ones():
    data = build(clip=dict(length=2, stride=(1, 3)))
    before = data[2]
    again = build(clip=dict(length=2, stride=(1, 3)))[2]
    data.set_epoch(1)
    after = data[2]

    def picture(clip):
        return clip['frames'][0]['img']

    assert (picture(before) == picture(again)).all()
    assert (picture(before) != picture(after)).mean() > 0.5
    data.set_epoch(0)
    assert (picture(data[2]) == picture(before)).all()


def test_an_epoch_goes_on_where_the_one_before_ended():
    """4 videos an epoch: index 1 of epoch 2 is video 9 of the world."""
    data = build(clip=dict(length=1))
    data.set_epoch(2)
    frame = data[1]['frames'][0]
    video = SyntheticWorld(0, size=(128, 96), length=20).video(9)
    expected = video.frame(frame['frame_id'])[0]
    assert (frame['img'] == expected).all()


def test_persistent_workers_see_the_epoch():
    data = build(clip=dict(length=1))
    loader = DataLoader(
        data,
        batch_size=None,
        num_workers=1,
        persistent_workers=True,
    )
    first = [clip['frames'][0]['img'] for clip in loader]
    data.set_epoch(1)
    second = [clip['frames'][0]['img'] for clip in loader]
    data.set_epoch(1)
    expected = [data[i]['frames'][0]['img'] for i in range(4)]
    assert all((a == b).all() for a, b in zip(second, expected))
    assert not any((a == b).all() for a, b in zip(first, second))


def test_fresh_false_and_test_mode_never_change():
    for data in (build(fresh=False), build(split='val', test_mode=True)):
        before = data[0]['frames'][0]['img']
        data.set_epoch(5)
        assert (data[0]['frames'][0]['img'] == before).all()


def test_testing_gives_every_frame_once_and_in_order():
    data = build(split='val', test_mode=True, chunk=8, num_videos=3)
    assert len(data) == 9
    assert [data.video_of(i) for i in range(9)] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    times = [f['frame_id'] for i in range(3, 6) for f in data[i]['frames']]
    assert times == list(range(20))
    ids = [f['img_id'] for i in range(9) for f in data[i]['frames']]
    assert len(set(ids)) == 60
    assert list(VideoSampler(data)) == list(range(9))


def test_it_works_under_mmengines_wrappers():
    data = build(clip=dict(length=1))
    assert len(RepeatDataset(data, 3)) == 12
    joined = ConcatDataset([build(clip=dict(length=1)), data])
    assert joined[5]['video_id'] == 1
    balanced = ClassBalancedDataset(data, oversample_thr=1e-3)
    assert len(balanced) >= 4


def test_indices_take_part_of_an_epoch():
    assert len(build(indices=2)) == 2
    assert build(indices=[3])[0]['video_id'] == 3
    assert len(build().get_subset([0, 1])) == 2


def test_a_copy_is_a_data_set_of_its_own():
    data = build()
    other = copy.deepcopy(data)
    other.set_epoch(3)
    assert (data.epoch, other.epoch) == (0, 3)


def test_metainfo_names_classes_and_tasks():
    meta = build().metainfo
    assert len(meta['classes']) == 5 and len(meta['tasks']['cls']) == 5


@pytest.mark.parametrize(
    'wrong', [dict(num_videos=0), dict(split='dev'), dict(clip=dict(len=3))]
)
def test_wrong_arguments_are_user_errors(wrong):
    with pytest.raises(UserError):
        build(**wrong)


def test_frames_are_labelled_with_the_style_they_are_drawn_in():
    world = dict(size=(128, 96), length=20, style=('day', 'night', 'fog'))
    data = build(world=world, num_videos=9, label_style=True)
    assert data.metainfo['tasks']['frame'] == ('day', 'night', 'fog')
    assert len(data.metainfo['tasks']['cls']) == 5
    for index in range(9):
        clip = data[index]
        style = data.world.video(index).style
        assert clip['labelled'] == ('det', 'track', 'cls', 'frame')
        for frame in clip['frames']:
            assert world['style'][frame['frame_label']] == style
    assert 'frame' not in build().metainfo['tasks']


def test_a_task_that_metainfo_leaves_out_is_not_labelled():
    data = build(metainfo=dict(tasks={}), label_style=True)
    assert list(data.metainfo['tasks']) == ['frame']
    assert data[0]['labelled'] == ('det', 'track', 'frame')
