import numpy as np
import pytest
import torch

from mmvmtl.datasets.transforms import ClipResize, PackVideoInputs


def test_a_clip_becomes_bytes_and_a_sample(clip):
    clip['clip_label'] = 3
    clip['frames'][1]['frame_label'] = 1
    packed = PackVideoInputs()(clip)
    sample = packed['data_samples']
    assert packed['inputs'].shape == (3, 3, 60, 80)
    assert packed['inputs'].dtype == torch.uint8
    assert packed['inputs'][2, 1, 5, 6] == clip['frames'][2]['img'][5, 6, 1]
    assert sample.gt_label.tolist() == [3]
    assert (sample.labelled, sample.video_id) == (('det', 'track'), 4)
    assert 'gt_frame_label' not in sample[0]
    assert sample[1].gt_frame_label.tolist() == [1]
    assert sample[1].gt_instances.instances_ids.tolist() == [0, 2**45]
    assert [frame.is_first for frame in sample] == [True, False, False]


def test_without_a_clip_label_there_is_none(clip):
    assert 'gt_label' not in PackVideoInputs()(clip)['data_samples']


def test_ignored_boxes_are_no_objects(clip):
    clip['frames'][0]['gt_ignore_flags'][0] = True
    frame = PackVideoInputs()(clip)['data_samples'][0]
    assert frame.gt_instances.labels.tolist() == [1]
    assert frame.ignored_instances.bboxes.tolist() == [[20, 24, 32, 33]]


def test_original_gt_undoes_the_resize(clip):
    boxes = clip['frames'][1]['gt_bboxes'].copy()
    clip = ClipResize((33, 47), keep_ratio=False)(clip)
    frame = PackVideoInputs(original_gt=True)(clip)['data_samples'][1]
    np.testing.assert_allclose(frame.gt_instances.bboxes, boxes, rtol=1e-5)
    np.testing.assert_allclose(
        frame.gt_instances.velocities, [[3, -2]] * 2, rtol=1e-5
    )
    assert frame.img_shape == (47, 33)


def test_frames_of_different_sizes_are_refused(clip):
    clip['frames'][0]['img'] = np.zeros((3, 4, 3), np.uint8)
    with pytest.raises(ValueError, match="video 'v' have different sizes"):
        PackVideoInputs()(clip)
