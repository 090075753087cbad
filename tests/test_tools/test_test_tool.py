"""The evaluation tool: metrics, predictions and pictures."""

from __future__ import annotations

import json
import pickle

import cv2
import pytest
from mmdet.structures import DetDataSample

from mmvmtl.apis.test_options import CollectPredictions


@pytest.fixture
def trained(tiny_run, tool) -> tuple:
    """A run of one epoch: its config and its checkpoint."""
    config = tiny_run.write()
    tool('train')([config])
    return config, str(tiny_run.folder / 'work_dir/epoch_1.pth')


def test_json_pictures_and_pickle(trained, tool, tiny_run):
    out = tiny_run.folder / 'out.json'
    shown = tiny_run.folder / 'shown'
    tool('test')([*trained, '--out', str(out), '--show-dir', str(shown)])
    result = json.loads(out.read_text())
    assert {'det/mAP', 'track/HOTA'} <= set(result['metrics'])
    (video,) = result['videos']
    assert [frame['frame'] for frame in video['frames']] == [0, 1, 2, 3]
    pictures = sorted(p.name for p in shown.rglob('*.jpg'))
    assert pictures == [f'{i:06d}.jpg' for i in range(4)]
    # Ground truth and predictions of square frames, side by side.
    picture = cv2.imread(str(next(shown.rglob('*.jpg'))))
    height, width = picture.shape[:2]
    assert width == 2 * height

    # And again as MM's pickle of data samples.
    out = tiny_run.folder / 'out.pkl'
    tool('test')([*trained, '--out', str(out)])
    # One entry a chunk of two frames.
    assert len(pickle.loads(out.read_bytes())) == 2


def test_our_own_checkpoint_is_read_without_running_code(trained):
    from mmvmtl.apis import load_model

    loaded = load_model(trained[1])
    assert loaded.classes == {'det': ['disc'], 'cls': ['a', 'b']}
    assert set(loaded.model.head.tasks) == {'det', 'cls', 'track'}


def test_videos_of_one_name_are_told_apart_by_domain_and_data_set():
    """As the metrics do; else both became one record."""
    sample = dict(video_id=0, video_name='a', video_data_samples=[])
    frame = DetDataSample(metainfo=dict(frame_id=0))
    sample['video_data_samples'] = [frame]
    collect = CollectPredictions()
    collect.process(
        None,
        [
            {**sample, 'domain': 'day'},
            {**sample, 'domain': 'night'},
            {**sample, 'domain': 'night', 'dataset': 'yard'},
            sample,
        ],
    )
    collect.evaluate(4)
    found = [(v.get('domain'), v.get('dataset')) for v in collect.videos]
    assert found == [
        ('day', None), ('night', None), ('night', 'yard'), (None, None)
    ]  # fmt: skip
