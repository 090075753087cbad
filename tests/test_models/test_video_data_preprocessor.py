import pytest
import torch
from mmdet.structures import DetDataSample

from mmvmtl.models import VideoDataPreprocessor
from mmvmtl.structures import VideoMTLDataSample


def batch(*shapes):
    clips, samples = [], []
    for length, height, width in shapes:
        clips.append(
            torch.randint(0, 256, (length, 3, height, width)).to(torch.uint8)
        )
        sample = VideoMTLDataSample()
        sample.video_data_samples = [DetDataSample() for _ in range(length)]
        samples.append(sample)
    return dict(inputs=clips, data_samples=samples)


def test_clips_of_any_length_and_still_images_share_a_batch():
    data = batch((3, 8, 6), (1, 4, 10), (2, 8, 10))
    out = VideoDataPreprocessor((8, 10))(data)
    assert out['inputs'].shape == (6, 3, 8, 10)
    assert out['clip_index'].tolist() == [0, 0, 0, 1, 2, 2]
    assert out['inputs'].dtype == torch.float32
    assert torch.equal(out['inputs'][3, :, :4], data['inputs'][1][0].float())
    assert (out['inputs'][3, :, 4:] == 114).all()
    frame = out['data_samples'][1].video_data_samples[0]
    assert frame.pad_shape == frame.batch_input_shape == (8, 10)


def test_a_frame_does_not_depend_on_its_batch():
    pre = VideoDataPreprocessor((8, 10), [9.0] * 3, [2.0] * 3)
    data = batch((2, 5, 6), (4, 8, 10))
    alone = pre(dict(inputs=data['inputs'][:1], data_samples=None))['inputs']
    assert torch.equal(pre(data)['inputs'][:2], alone)


def test_mean_and_std_are_of_the_channels_after_their_exchange():
    """Blue 10, green 20, red 30, as red, green, blue: (30 − 30) / 1, ..."""
    clip = torch.tensor([10, 20, 30], dtype=torch.uint8).view(1, 3, 1, 1)
    pre = VideoDataPreprocessor(
        (1, 1), [30, 10, 6], [1, 5, 4], bgr_to_rgb=True
    )
    out = pre(dict(inputs=[clip]))['inputs']
    assert out.flatten().tolist() == [0, 2, 1]
    assert clip.flatten().tolist() == [10, 20, 30]


def test_padding_is_a_grey_level_before_normalisation():
    pre = VideoDataPreprocessor((1, 2), [104] * 3, [5] * 3, pad_value=114)
    clip = torch.full((1, 3, 1, 1), 109, dtype=torch.uint8)
    out = pre(dict(inputs=[clip]))['inputs']
    assert out[0, 0].flatten().tolist() == [1, 2]


@pytest.mark.parametrize('shape', [(1, 9, 10), (1, 8, 11)])
def test_a_frame_larger_than_the_input_is_refused(shape):
    with pytest.raises(ValueError, match=r'does not fit the input_size'):
        VideoDataPreprocessor((8, 10))(batch(shape))


def test_other_mistakes_are_refused():
    with pytest.raises(ValueError, match='both mean and std'):
        VideoDataPreprocessor((8, 8), mean=[1.0] * 3)
    flat = dict(inputs=[torch.zeros(3, 8, 8, dtype=torch.uint8)])
    with pytest.raises(ValueError, match=r'expected \(T, C, H, W\)'):
        VideoDataPreprocessor((8, 8))(flat)
