import json

import numpy as np
import pytest
from mmengine.dataset import (
    ClassBalancedDataset,
    ConcatDataset,
    RepeatDataset,
)
from mmengine.fileio import BaseStorageBackend, register_backend
from mmengine.registry import DATASETS as ROOT
from mmengine.registry import DefaultScope

from mmvmtl.datasets import VideoMTLDataset
from mmvmtl.errors import UserError
from mmvmtl.models.clip_batch import ClipBatch
from mmvmtl.models.domain.clips import clip_domain_batch

PIPELINE = [
    dict(type='mmvmtl.LoadVideoFrames'),
    dict(type='mmvmtl.PackVideoInputs'),
]


def make(root, **kwargs):
    defaults = dict(
        ann_file='ann.json',
        data_root=str(root),
        data_prefix=dict(img='img'),
        pipeline=PIPELINE,
    )
    return VideoMTLDataset(**{**defaults, **kwargs})


def test_training_has_one_index_per_key_frame(pictures):
    data = make(pictures, clip=dict(length=3, stride=1))
    assert len(data) == 6 + 2 + 5
    clip = data.get_data_info(3)
    assert [f['frame_id'] for f in clip['frames']] == [2, 5, 6]
    assert clip['key_frame'] == 1
    assert data.metainfo['classes'] == ('car', 'bus')
    assert data.metainfo['tasks'] == dict(cls=('sit', 'walk', 'run'))


def test_a_video_says_of_which_domain_it_is_and_what_it_weighs(pictures):
    content = json.loads((pictures / 'ann.json').read_text())
    content['videos'][0].update(domain='fog', domain_weight=0.25)
    (pictures / 'weighed.json').write_text(json.dumps(content))
    data = make(pictures, ann_file='weighed.json')
    first, other = (data[i]['data_samples'] for i in (0, 6))
    assert (first.domain, first.weight) == ('fog', 0.25)
    assert 'weight' not in other and 'domain' not in other
    weighed = clip_domain_batch({}, {}, ClipBatch([first, other]), {})
    assert weighed.weights == [0.25, 1.0]


def test_frames_without_objects_stay_unless_asked(pictures):
    assert len(make(pictures, filter_cfg=dict(filter_empty_gt=True))) == 6
    sample = make(pictures)[6]['data_samples']
    assert sample.video_name == 'empty'
    assert len(sample[0].gt_instances) == 0
    assert sample[0].gt_instances.bboxes.shape == (0, 4)


def test_a_short_video_gives_a_short_clip(pictures):
    data = make(pictures, clip=dict(length=4))
    assert [len(data[i]['inputs']) for i in (0, 6, 8)] == [4, 2, 4]


def test_testing_has_one_index_per_chunk_in_order(pictures):
    data = make(pictures, test_mode=True, chunk=4)
    frames = [
        [frame.frame_id for frame in data[i]['data_samples']]
        for i in range(len(data))
    ]
    assert frames == [[0, 1, 2, 5], [6, 7], [0, 1], [0, 1, 2, 3], [4]]
    assert [data.video_of(i) for i in range(5)] == [0, 0, 1, 2, 2]


def test_frames_of_files_and_films_show_their_number(pictures):
    data = make(pictures)
    for index in (3, 5, 8, 12):
        packed = data[index]
        number = packed['data_samples'][0].frame_id
        grey = packed['inputs'].float().mean().item()
        assert grey == pytest.approx(20 * number + 10, abs=4)


def test_ignored_boxes_are_set_aside(pictures):
    frame = make(pictures)[8]['data_samples'][0]
    assert len(frame.gt_instances) == 0
    assert frame.ignored_instances.labels.tolist() == [1]


def test_every_wrapper_of_mmengine_works(pictures):
    data = make(pictures)
    both = ConcatDataset([data, make(pictures, indices=2)])
    assert len(both) == 15
    assert both[14]['data_samples'][0].frame_id == 1
    assert len(RepeatDataset(data, 3)) == 39
    # bus is in 1 of 13 clips: its factor is the root of 0.5 · 13.
    balanced = ClassBalancedDataset(data, oversample_thr=0.5)
    names = [
        balanced.get_data_info(i)['frames'][0]['img_id']
        for i in range(len(balanced))
    ]
    assert names.count(2) == 3
    assert names.count(0) == 2
    assert names.count(700) == 1


def test_a_wrapper_of_mmdet_works(pictures):
    cfg = dict(
        type='mmvmtl.VideoMTLDataset',
        ann_file='ann.json',
        data_root=str(pictures),
        data_prefix=dict(img='img'),
        pipeline=PIPELINE,
    )
    with DefaultScope.overwrite_default_scope('mmdet'):
        both = ROOT.build(dict(type='ConcatDataset', datasets=[cfg, cfg]))
    assert len(both) == 26
    assert both[20]['data_samples'][0].video_id == 7


def test_indices_choose_clips(pictures):
    data = make(pictures, indices=[8, 0])
    assert [data.video_of(i) for i in range(2)] == [2, 0]
    assert len(make(pictures).get_subset(3)) == 3


def test_the_stride_follows_the_seed_of_numpy(pictures):
    data = make(pictures, clip=dict(length=2, stride=(1, 4)))

    def draw():
        np.random.seed(3)
        return [data.get_data_info(2)['frames'][1]['frame_id']] + [
            data.get_data_info(0)['frames'][1]['frame_id'] for _ in range(9)
        ]

    assert draw() == draw()
    assert len(set(draw())) > 2


def test_get_cat_ids_leaves_out_ignored_boxes(pictures):
    data = make(pictures)
    assert data.get_cat_ids(2) == [0, 1]
    assert data.get_cat_ids(8) == []


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (dict(ann_file='no.json'), 'no.json does not exist'),
        (dict(data_prefix=dict(img='no')), '000.png .* does not exist'),
        (dict(data_prefix=dict(img='img', video='no')), 'film.mp4'),
        (dict(data_prefix=dict(image='img')), "'image'; did you mean 'img'"),
        (dict(clip=dict(lenght=2)), "'lenght'; did you mean 'length'"),
        (dict(filter_cfg=dict(min_size=2)), "'min_size'"),
    ],
)
def test_a_mistake_is_named(pictures, change, words):
    with pytest.raises(UserError, match=words):
        make(pictures, **change)


def test_an_empty_data_set_is_refused(pictures, tmp_path, content):
    path = tmp_path / 'empty.json'
    path.write_text(json.dumps(dict(videos=[], images=[])))
    with pytest.raises(UserError, match='empty data set'):
        make(pictures, ann_file=str(path))
    path.write_text('{"videos":')
    with pytest.raises(UserError, match='not valid JSON'):
        make(pictures, ann_file=str(path))
    content['annotations'] = []
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=r'no frame .* has an object'):
        make(
            pictures,
            ann_file=str(path),
            filter_cfg=dict(filter_empty_gt=True),
        )


class MemoryBackend(BaseStorageBackend):
    """Files that are on no disk."""

    files: dict[str, bytes] = {}

    def get(self, filepath):
        return self.files[str(filepath)]

    def get_text(self, filepath):
        return self.get(filepath).decode()

    def exists(self, filepath):
        return str(filepath) in self.files


@pytest.fixture
def stored(pictures, content, monkeypatch):
    """A storage backend with the videos of pictures, below ``store/``."""
    content['videos'].pop()
    content['images'] = [i for i in content['images'] if i['file_name']]
    content['annotations'].pop()
    files = {'store/ann.json': json.dumps(content).encode()}
    for path in pictures.rglob('*.png'):
        name = path.relative_to(pictures).as_posix()
        files[f'store/{name}'] = path.read_bytes()
    monkeypatch.setattr(MemoryBackend, 'files', files)
    register_backend('memory', MemoryBackend, force=True)
    return dict(backend='memory')


def test_annotations_and_pictures_come_from_a_storage_backend(stored):
    load = dict(PIPELINE[0], backend_args=stored)
    data = make('store', backend_args=stored, pipeline=[load, PIPELINE[1]])
    assert len(data) == 6 + 2
    packed = data[3]
    assert packed['data_samples'][0].frame_id == 5
    assert packed['inputs'].float().mean().item() == 20 * 5 + 10


def test_what_the_backend_lacks_is_named(stored):
    with pytest.raises(UserError, match=r'store/ann\.json does not exist'):
        make('store')
    del MemoryBackend.files['store/img/7/001.png']
    with pytest.raises(UserError, match=r'img/7/001\.png of video .empty.'):
        make('store', backend_args=stored)


def test_an_image_without_a_file_is_named(pictures, tmp_path):
    content = json.loads((pictures / 'ann.json').read_text())
    for image in content['images'][:1]:
        image['file_name'] = None
    path = tmp_path / 'nameless.json'
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match='has no file_name'):
        make(pictures, ann_file=str(path))
