import random

import numpy as np
import pytest

from mmvmtl.datasets.transforms import ClipPhotometric


@pytest.mark.parametrize(
    'kind', ['mmdet.PhotoMetricDistortion', 'mmdet.YOLOXHSVRandomAug']
)
def test_all_frames_get_the_same_draw_and_clips_differ(clip, kind):
    picture = clip['frames'][0]['img']
    transform = ClipPhotometric([dict(type=kind)])
    np.random.seed(0)
    seen = []
    for _ in range(6):
        for frame in clip['frames']:
            frame['img'] = picture[:, ::-1]
        frames = transform(clip)['frames']
        for frame in frames[1:]:
            np.testing.assert_array_equal(frame['img'], frames[0]['img'])
        assert frames[0]['img'].dtype == np.uint8
        seen.append(frames[0]['img'].tobytes())
    assert len(set(seen)) > 1


def test_pythons_generator_is_shared_by_the_frames_too(clip):
    def shade(results):
        return {'img': np.full_like(results['img'], random.randrange(256))}

    frames = ClipPhotometric([shade])(clip)['frames']
    assert len({frame['img'].tobytes() for frame in frames}) == 1


def test_the_input_is_not_written_to(clip):
    pictures = [frame['img'] for frame in clip['frames']]
    before = [picture.copy() for picture in pictures]
    ClipPhotometric([dict(type='mmdet.YOLOXHSVRandomAug')])(clip)
    for picture, old in zip(pictures, before):
        np.testing.assert_array_equal(picture, old)


def test_probability_0_changes_nothing(clip):
    def explode(_):
        raise AssertionError

    ClipPhotometric([explode], prob=0.0)(clip)


def test_a_transform_that_changes_the_size_is_refused(clip):
    def halve(results):
        return {'img': results['img'][::2]}

    with pytest.raises(ValueError, match=r'\(60, 80, 3\) to \(30, 80, 3\)'):
        ClipPhotometric([halve])(clip)


def test_the_next_transform_gets_bytes_in_memory_order(clip):
    """``mmdet.PhotoMetricDistortion`` gives floats, channels swapped."""
    seen = []

    def swap(results):
        return {'img': results['img'][..., ::-1] + np.float32(0.6)}

    def look(results):
        seen.append(results['img'])
        return results

    picture = np.full_like(clip['frames'][0]['img'], (10, 20, 255))
    clip['frames'] = [dict(img=picture)]
    ClipPhotometric([swap, look])(clip)
    assert seen[0].dtype == np.uint8
    assert seen[0].flags['C_CONTIGUOUS']
    assert seen[0][0, 0].tolist() == [255, 21, 11]
