"""Folds cover everything once, and nothing is in both parts."""

from __future__ import annotations

import copy

import pytest

from mmvmtl.datasets.folds import fold_runs, select_fold
from mmvmtl.errors import UserError


def content(videos: int, frames: int = 7) -> dict:
    names = [dict(id=10 + v, name=f'v{v}') for v in range(videos)]
    images = [
        dict(id=100 * v + f, video_id=10 + v, frame_id=f)
        for v in range(videos)
        for f in range(frames)
    ]
    boxes = [dict(image_id=i['id'], velocity=[1, 0]) for i in images]
    return dict(videos=names, images=images, annotations=boxes, categories=[])


def test_blocks_by_hand():
    """7 frames, 3 folds: 0-1, 2-3, 4-6."""
    assert fold_runs(7, 1, 3, True) == [range(2, 4)]
    assert fold_runs(7, 1, 3, False) == [range(2), range(4, 7)]
    assert fold_runs(7, 0, 3, False) == [range(2, 7)]


@pytest.mark.parametrize('videos, count', [(1, 2), (1, 5), (2, 3), (5, 3)])
def test_every_frame_is_held_out_once(videos, count):
    whole = content(videos)
    every = sorted(image['id'] for image in whole['images'])
    held = []
    for index in range(count):
        out = select_fold(whole, index, count, held_out=True)
        rest = select_fold(whole, index, count)
        ids = [[image['id'] for image in part['images']]
               for part in (out, rest)]  # fmt: skip
        assert sorted(ids[0] + ids[1]) == every
        assert len(rest['annotations']) == len(ids[1])
        held += ids[0]
    assert sorted(held) == every


def test_no_clip_reaches_across_the_hole():
    """The training frames before and behind are two videos."""
    part = select_fold(content(1), 1, 3)
    spans = {}
    for image in part['images']:
        spans.setdefault(image['video_id'], []).append(image['frame_id'])
    assert sorted(spans.values()) == [[0, 1], [4, 5, 6]]
    assert {video['id'] for video in part['videos']} == set(spans)


def test_both_parts_of_a_video_are_one_recording():
    """An animal that is in both is not taken for two."""
    part = select_fold(content(1), 1, 3)
    names = {video['name'] for video in part['videos']}
    assert len(names) == 2
    assert {video['recording'] for video in part['videos']} == {'v0'}
    # One that the file tells stays: other videos may be of it, too.
    told = content(1)
    told['videos'][0]['recording'] = 'tape'
    part = select_fold(told, 1, 3)
    assert {video['recording'] for video in part['videos']} == {'tape'}


def test_a_velocity_across_the_cut_is_dropped():
    part = select_fold(content(1), 1, 3)
    without = [
        b['image_id'] for b in part['annotations'] if 'velocity' not in b
    ]
    assert without == [0, 4]


def test_whole_videos_keep_all_and_the_input_is_not_changed():
    whole = content(4)
    before = copy.deepcopy(whole)
    part = select_fold(whole, 1, 2)
    assert [video['name'] for video in part['videos']] == ['v0', 'v2']
    assert all('velocity' in box for box in part['annotations'])
    assert whole == before


def stretches(files: str) -> dict:
    """Stretches of 4 frames, one behind the other; a letter is a file."""
    videos, images = [], []
    for number, file in enumerate(files):
        videos.append(dict(id=number, name=str(number), file_name=file))
        begin = 4 * files[:number].count(file)
        images += [
            dict(id=100 * number + f, video_id=number, frame_id=f)
            for f in range(begin, begin + 4)
        ]
    return dict(videos=videos, images=images)


def test_labels_alone_are_folded_and_stay_labels_alone():
    """An empty list of boxes would mean that there is no object."""
    whole = content(4)
    del whole['annotations']
    part = select_fold(whole, 1, 2)
    assert [video['name'] for video in part['videos']] == ['v0', 'v2']
    assert 'annotations' not in part
    assert 'annotations' not in select_fold(whole, 0, 5)


def test_stretches_of_one_file_are_held_out_together():
    """Files a, b, c in 2 folds: a and c are held out of the first."""
    whole = stretches('aabca')
    out, rest = (select_fold(whole, 0, 2, held) for held in (True, False))
    assert [v['name'] for v in out['videos']] == ['0', '1', '3', '4']
    assert [v['name'] for v in rest['videos']] == ['2']


def test_a_file_is_cut_once_for_all_its_stretches():
    """12 frames of one file in 2 folds: the second stretch is cut at 6."""
    part = select_fold(stretches('aaa'), 0, 2)
    assert [(v['name'], v['length']) for v in part['videos']] == [
        ('1#2', 2), ('2#0', 4),
    ]  # fmt: skip
    assert [i['frame_id'] for i in part['images']] == list(range(6, 12))


@pytest.mark.parametrize('index, count', [(0, 1), (3, 3), (-1, 3), (0, 8)])
def test_folds_that_do_not_exist(index, count):
    with pytest.raises(UserError, match='fold'):
        select_fold(content(1), index, count)


def test_an_image_of_no_video_is_named():
    wrong = content(1)
    wrong['images'][2]['video_id'] = 99
    with pytest.raises(UserError, match='image 2 is of video 99'):
        select_fold(wrong, 0, 3)
