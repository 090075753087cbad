"""The union of classes and tasks of data sets that label different things."""

import copy
import json

import pytest
from mmengine.dataset import BaseDataset, RepeatDataset

from mmvmtl.datasets import JoinedDataset, VideoMTLDataset
from mmvmtl.datasets.samplers import videos_of

PIPELINE = [
    dict(type='mmvmtl.LoadVideoFrames'),
    dict(type='mmvmtl.PackVideoInputs'),
]


@pytest.fixture
def settings(pictures):
    """Config of the small CocoVID data set, with some of its classes."""

    def make(*classes, **changes):
        return dict(
            type='mmvmtl.VideoMTLDataset',
            data_root=str(pictures),
            ann_file='ann.json',
            data_prefix=dict(img='img'),
            metainfo=dict(classes=classes),
            pipeline=copy.deepcopy(PIPELINE),
            **changes,
        )

    return make


def test_classes_are_joined_by_name_in_order_of_appearance(settings):
    joined = JoinedDataset(
        dict(a=settings('bus'), b=settings('car', 'bus'), gone=None)
    )
    assert joined.metainfo['classes'] == ('bus', 'car')
    assert joined.metainfo['datasets'] == joined.names == ('a', 'b')
    assert joined.metainfo['tasks'] == {'cls': ('sit', 'walk', 'run')}


def test_labels_are_those_of_the_union(settings):
    """Frame 2 of 'gappy' has a car and a bus, in the file's order."""
    parts = dict(a=settings('bus'), b=settings('car', 'bus'))
    joined = JoinedDataset(parts)
    alone = VideoMTLDataset(**{k: v for k, v in parts['b'].items()
                               if k != 'type'})  # fmt: skip
    found = joined[len(joined.datasets[0]) + 2]['data_samples'][0]
    own = alone[2]['data_samples'][0]
    assert own.gt_instances.labels.tolist() == [0, 1]
    assert found.gt_instances.labels.tolist() == [1, 0]
    assert found.gt_instances.bboxes.equal(own.gt_instances.bboxes)


def test_a_frame_says_which_classes_were_looked_for(settings):
    joined = JoinedDataset(dict(a=settings('bus'), b=settings('car')))
    first, second = joined[0], joined[len(joined.datasets[0])]
    for item, name, labelled in ((first, 'a', (0,)), (second, 'b', (1,))):
        sample = item['data_samples']
        assert sample.dataset == name
        assert sample.classes == ('bus', 'car')
        assert sample[0].labelled_classes == labelled


def test_videos_with_one_id_in_two_data_sets_stay_apart(settings):
    chunks = dict(test_mode=True, chunk=8)
    joined = JoinedDataset(
        dict(a=settings('bus', **chunks), b=settings('bus', **chunks))
    )
    ids = [joined[i]['data_samples'].video_id for i in range(len(joined))]
    assert len(set(ids)) == len(videos_of(joined)) == 6
    assert ids[0] == 'a/0' and joined[0]['data_samples'][0].video_id == 'a/0'


def test_a_data_set_without_boxes_joins(settings, content, pictures, tmp_path):
    for key in ('annotations', 'categories'):
        del content[key]
    (tmp_path / 'labels.json').write_text(json.dumps(content))
    labels = settings()
    labels.update(ann_file=str(tmp_path / 'labels.json'), metainfo={})
    joined = JoinedDataset(dict(boxes=settings('bus'), labels=labels))
    sample = joined[len(joined.datasets[0])]['data_samples']
    assert sample.labelled == ('cls',)
    assert sample[0].labelled_classes == ()
    assert joined.metainfo['classes'] == ('bus',)


def test_what_can_not_be_joined_is_refused(settings):
    other = settings('bus')
    other['metainfo']['tasks'] = dict(cls=['run', 'sit'])
    with pytest.raises(ValueError, match=r"task 'cls' .* 'a' and .* in 'b'"):
        JoinedDataset(dict(a=settings('bus'), b=other))
    with pytest.raises(ValueError, match='joins nothing'):
        JoinedDataset(dict(a=None))
    nameless = BaseDataset(lazy_init=True)
    nameless.load_data_list = lambda: [dict()]
    nameless.full_init()
    with pytest.raises(ValueError, match=r"'a' .* names no classes"):
        JoinedDataset(dict(a=nameless))
    repeated = dict(type='RepeatDataset', times=2, dataset=settings('bus'))
    with pytest.raises(ValueError, match=RepeatDataset.__name__):
        JoinedDataset(dict(a=repeated))
