import numpy as np
import pytest

from mmvmtl.datasets.clip_sampling import (
    draw_stride,
    sample_clip,
    split_into_chunks,
)


def test_the_key_frame_is_in_the_middle():
    assert sample_clip(10, 20, 5, 2) == ([6, 8, 10, 12, 14], 2)


def test_at_an_end_the_clip_shifts_inwards_by_whole_strides():
    assert sample_clip(1, 20, 4, 3) == ([1, 4, 7, 10], 0)
    assert sample_clip(19, 20, 4, 3) == ([10, 13, 16, 19], 3)


def test_a_stride_too_wide_for_the_video_is_narrowed():
    assert sample_clip(0, 7, 4, 5) == ([0, 2, 4, 6], 0)


def test_a_pair_adds_the_frame_before_the_key_frame_once():
    assert sample_clip(10, 20, 2, 4, pair=True) == ([6, 9, 10], 2)
    assert sample_clip(10, 20, 3, 1, pair=True) == ([9, 10, 11], 1)
    assert sample_clip(0, 20, 2, 4, pair=True) == ([0, 4], 0)


def test_a_still_image_is_a_clip_of_one_frame():
    assert sample_clip(0, 1, 8, 4) == ([0], 0)


def test_a_clip_is_rising_unique_inside_and_holds_its_key():
    rng = np.random.default_rng(0)
    for frames in range(1, 14):
        for key in range(frames):
            for length in range(1, 7):
                got, at = sample_clip(key, frames, length, (1, 5), rng)
                assert len(got) == min(length, frames)
                assert got[at] == key
                assert got[0] >= 0
                assert got[-1] < frames
                assert len(set(np.diff(got))) <= 1
                assert (np.diff(got) > 0).all()


def test_both_ends_of_a_range_of_strides_are_drawn():
    rng = np.random.default_rng(0)
    assert {draw_stride((2, 4), rng) for _ in range(99)} == {2, 3, 4}


@pytest.mark.parametrize('stride', [0, (3, 2), (0, 2)])
def test_a_bad_stride_is_refused(stride):
    with pytest.raises(ValueError, match='clip stride'):
        sample_clip(0, 9, 2, stride)


def test_chunks_hold_every_frame_once_in_order():
    assert split_into_chunks(7, 3) == [[0, 1, 2], [3, 4, 5], [6]]


def test_lengths_below_one_are_refused():
    with pytest.raises(ValueError, match='length 0'):
        sample_clip(0, 3, 0)
    with pytest.raises(ValueError, match='chunk 0'):
        split_into_chunks(3, 0)
