"""What a CocoVID file may hold, and each way in which it may be wrong."""

import copy

import numpy as np
import pytest

from mmvmtl.datasets.cocovid import check_entries, label_maps, read_videos
from mmvmtl.errors import UserError


def read(content, **metainfo):
    check_entries(content, 'ann.json')
    maps = label_maps(content, metainfo, 'ann.json')
    return read_videos(content, maps, 'ann.json')


def test_gaps_in_frame_numbers_stay(content):
    video = read(content)[0]
    assert video.frame_ids.tolist() == [0, 1, 2, 5, 6, 7]
    assert video.frame(3)['frame_id'] == 5
    assert [video.frame(i)['is_first'] for i in range(2)] == [True, False]


def test_ids_0_and_2_to_45_are_ids(content):
    frame = read(content)[0].frame(2)
    assert frame['gt_instances_ids'].tolist() == [0, 2**45]


def test_a_box_is_cut_at_the_border(content):
    frame = read(content)[0].frame(2)
    assert frame['gt_bboxes'][1].tolist() == [30, 20, 40, 25]


def test_what_is_left_out_is_nan_or_not_labelled(content):
    gappy, empty, film = read(content)
    frame = gappy.frame(2)
    np.testing.assert_array_equal(
        frame['gt_velocities'], [[1, 0], [np.nan, np.nan]]
    )
    np.testing.assert_array_equal(frame['gt_visibilities'], [1, np.nan])
    assert gappy.labelled == ('det', 'track', 'cls')
    assert empty.labelled == ('det', 'track')
    assert film.clip_label == 2
    del content['annotations']
    assert read(content)[1].labelled == ()


def test_boxes_without_ids_train_detection_only(content):
    for annotation in content['annotations']:
        del annotation['instance_id']
    assert read(content)[0].labelled == ('det', 'cls')


def test_a_video_may_say_what_is_labelled(content):
    content['videos'][1]['labelled'] = []
    assert read(content)[1].labelled == ()


def test_classes_select_and_order_by_name(content):
    frame = read(content, classes=('bus', 'car'))[0].frame(2)
    assert frame['gt_bboxes_labels'].tolist() == [1, 0]
    frame = read(content, classes=('bus',))[0].frame(2)
    assert frame['gt_instances_ids'].tolist() == [2**45]
    clip_label = read(content, tasks=dict(cls=('run', 'walk')))[0].clip_label
    assert clip_label == 1


def test_a_label_that_is_not_wanted_is_none_by_index_and_by_name(content):
    """The file has 'walk' as 1 and 'run' by name."""
    gappy, _, film = read(content, tasks=dict(cls=('sit',)))
    assert gappy.clip_label is film.clip_label is None
    content['annotations'][6]['category_id'] = 'bus'
    frame = read(content, classes=('car',))[0].frame(2)
    assert frame['gt_instances_ids'].tolist() == [0]


def test_a_name_that_is_not_declared_is_refused(content):
    content['videos'][2]['clip_label'] = 'jump'
    with pytest.raises(UserError, match=r"label 'jump', .*'sit', 'walk'"):
        read(content, tasks=dict(cls=('sit',)))


def test_a_frame_label_needs_no_box(content):
    content['images'][-1]['frame_label'] = 0
    film = read(content)[2]
    assert 'frame' in film.labelled
    assert film.frame(4)['frame_label'] == 0
    assert 'frame_label' not in film.frame(3)


NAN = float('nan')
BROKEN = {
    'unknown category': ('annotations', dict(category_id=6), 'label 6'),
    'nan': ('annotations', dict(bbox=[NAN, 0, 1, 1]), 'finite'),
    'three numbers': ('annotations', dict(bbox=[0, 1, 1]), 'finite'),
    'no area': ('annotations', dict(bbox=[1, 1, 0, 5]), 'without area'),
    'outside': ('annotations', dict(bbox=[40, 1, 5, 5]), 'outside'),
    'negative id': ('annotations', dict(instance_id=-1), 'instance_id -1'),
    'huge visibility': ('annotations', dict(visibility=2), 'visibility'),
    'velocity': ('annotations', dict(velocity=[1]), 'velocity'),
    'no such image': ('annotations', dict(image_id=77), 'image 77'),
    'no such video': ('images', dict(video_id=77), 'video 77'),
    'repeated frame': ('images', dict(frame_id=1), 'repeats frame 1'),
    'repeated video': ('videos', dict(id=7), 'more than once'),
    'clip label': ('videos', dict(clip_label=3), 'label 3'),
    'weight': ('videos', dict(domain_weight=-1), 'weight=-1'),
    'weight of text': ('videos', dict(domain_weight='much'), "='much'"),
}


@pytest.mark.parametrize('name', BROKEN)
def test_a_broken_entry_is_named_in_one_sentence(content, name):
    kind, change, words = BROKEN[name]
    content[kind][0].update(change)
    with pytest.raises(UserError, match=words) as error:
        read(content)
    assert '\n' not in str(error.value)
    if kind == 'annotations':
        assert 'ann.json: annotation 0' in str(error.value)


def test_an_instance_twice_in_a_frame_is_refused(content):
    twin = {**copy.deepcopy(content['annotations'][0]), 'id': 99}
    content['annotations'].append(twin)
    with pytest.raises(UserError, match='annotation 99 repeats instance_id 0'):
        read(content)


def test_some_boxes_with_and_some_without_ids_are_refused(content):
    del content['annotations'][0]['instance_id']
    with pytest.raises(UserError, match='1 of 7 annotations'):
        read(content)


def test_a_missing_key_is_named(content):
    del content['images'][4]['frame_id']
    with pytest.raises(UserError, match=r"entry 4 of images .* 'frame_id'"):
        read(content)
    with pytest.raises(UserError, match="top-level key 'videos'"):
        read({})


def test_a_class_that_the_file_lacks_is_refused(content):
    with pytest.raises(UserError, match=r"'tram' .* \('car', 'bus'\)"):
        read(content, classes=('car', 'tram'))


def test_a_file_without_names_takes_those_of_metainfo(content):
    """Unlabelled videos beside labelled ones, which have classes and tasks."""
    bare = {key: content[key] for key in ('videos', 'images')}
    for video in bare['videos']:
        video.pop('clip_label', None)
    for image in bare['images']:
        image.pop('frame_label', None)
    names = dict(classes=('car', 'bus'), tasks=dict(cls=('walk', 'run')))
    maps = label_maps(bare, names, 'ann.json')
    assert maps['det'].names == ('car', 'bus')
    assert maps['cls'].names == ('walk', 'run')
    assert all(v.labelled == () for v in read_videos(bare, maps, 'ann.json'))


def test_classes_of_detection_among_the_tasks_are_refused(content):
    """They would count from 0, and categories from 1."""
    content['tasks']['det'] = ['car', 'bus']
    with pytest.raises(UserError, match='take det out of tasks'):
        read(content)
