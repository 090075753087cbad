"""Files say what the world says, and our data set reads them."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from mmvmtl.datasets import VideoMTLDataset
from mmvmtl.datasets.synthetic import SyntheticWorld
from mmvmtl.datasets.synthetic.writer import write_world
from mmvmtl.errors import UserError


def small_world():
    return SyntheticWorld(1, 'val', size=(128, 96), length=6)


def test_files_hold_the_ground_truth(tmp_path):
    world = SyntheticWorld(1, 'val', length=6)
    content = json.loads(write_world(world, 2, tmp_path, 'png').read_text())
    assert len(content['videos']) == 2 and len(content['images']) == 12
    video = world.video(1)
    assert content['videos'][1]['clip_label'] == video.clip_label
    record = content['images'][9]
    image, truth = video.frame(3)
    assert (record['video_id'], record['frame_id']) == (1, 3)
    assert (cv2.imread(str(tmp_path / record['file_name'])) == image).all()
    rows = [
        row
        for row in content['annotations']
        if row['image_id'] == record['id']
    ]
    boxes = np.array([row['bbox'] for row in rows]).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    assert (boxes == truth['bboxes']).all()
    ids = [row['instance_id'] for row in rows]
    assert ids == truth['instances_ids'].tolist()
    defined = ['velocity' in row for row in rows]
    assert defined == np.isfinite(truth['velocities']).all(1).tolist()


@pytest.mark.parametrize('kind', ['jpg', 'mp4'])
def test_our_data_set_reads_them(tmp_path, kind):
    world = small_world()
    write_world(world, 2, tmp_path, kind)
    data = VideoMTLDataset(
        ann_file='annotations/val.json',
        data_root=str(tmp_path),
        test_mode=True,
        chunk=6,
        pipeline=[],
    )
    clip = data[1]
    assert clip['clip_label'] == world.video(1).clip_label
    truth = world.video(1).frame(4)[1]
    frame = clip['frames'][4]
    np.testing.assert_array_equal(frame['gt_bboxes'], truth['bboxes'])
    np.testing.assert_array_equal(frame['gt_bboxes_labels'], truth['labels'])
    np.testing.assert_allclose(
        frame['gt_velocities'], truth['velocities'], atol=1e-5
    )


def test_a_folder_that_can_not_be_written_is_one_sentence(tmp_path):
    (tmp_path / 'file').write_text('in the way')
    with pytest.raises(UserError, match='can not be written'):
        write_world(small_world(), 1, tmp_path / 'file', 'jpg')


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(UserError, match='gif'):
        write_world(small_world(), 1, tmp_path, 'gif')
