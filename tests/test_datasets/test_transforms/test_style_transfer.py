"""Fourier and colour transfer, by arithmetic."""

import numpy as np
import pytest

from mmvmtl.datasets import ColourTransfer, FourierDomainTransfer
from mmvmtl.datasets.transforms.style_transfer import (
    match_moments,
    swap_amplitude,
)
from mmvmtl.errors import UserError

TARGET = dict(
    type='mmvmtl.SyntheticVideoDataset',
    world=dict(size=(96, 96), length=(4, 4), style='night'),
    split='train',
    num_videos=3,
    clip=dict(length=1),
)


def clip(seed=0, frames=2, size=(24, 32)):
    rng = np.random.default_rng(seed)
    return dict(
        frames=[
            dict(
                img=rng.integers(0, 256, (*size, 3), dtype=np.uint8),
                gt_bboxes=np.array([[1, 2, 9, 8]], np.float32),
            )
            for _ in range(frames)
        ]
    )


def test_beta_0_is_the_identity():
    results, same = clip(), clip()
    FourierDomainTransfer(beta=0.0, target=TARGET).transform(results)
    for one, other in zip(results['frames'], same['frames'], strict=True):
        assert np.array_equal(one['img'], other['img'])


@pytest.mark.parametrize(
    ('size', 'least'), [((24, 32), '0.0417'), ((70, 64), '0.0157')]
)
def test_a_beta_that_reaches_nothing_is_refused(size, least):
    """24 pixels: 0.01 is a quarter of a cycle. The least is what works."""
    width_height = f'{size[1]}x{size[0]}'
    small = FourierDomainTransfer(beta=0.01, target=TARGET)
    with pytest.raises(UserError, match='beta=0.01 .*' + width_height) as stop:
        small.transform(clip(size=size))
    assert f'at least {least}' in str(stop.value)
    results, same = clip(size=size), clip(size=size)
    FourierDomainTransfer(beta=float(least), target=TARGET).transform(results)
    for one, other in zip(results['frames'], same['frames'], strict=True):
        assert not np.array_equal(one['img'], other['img'])


def test_the_style_of_oneself_changes_nothing():
    image = clip()['frames'][0]['img'].astype(float)
    assert np.allclose(swap_amplitude(image, image, 3), image)


def test_amplitude_of_low_frequencies_and_every_phase():
    """|F| is the style's inside the square and the image's outside."""
    rng = np.random.default_rng(0)
    image, style = rng.random((2, 8, 12, 3))
    made = np.fft.fft2(swap_amplitude(image, style, 2), axes=(0, 1))
    own, other = (np.fft.fft2(x, axes=(0, 1)) for x in (image, style))
    for row in range(8):
        for column in range(12):
            # Cycles per image; beyond the middle they are negative.
            low = min(row, 8 - row) <= 2 and min(column, 12 - column) <= 2
            wanted = abs((other if low else own)[row, column])
            assert np.allclose(abs(made[row, column]), wanted)
    assert np.allclose(np.exp(1j * np.angle(made * own.conj())), 1)


def test_a_constant_style_moves_the_mean():
    """By hand: only frequency 0 of a grey 0.5 is not 0."""
    image = np.zeros((4, 4, 1))
    image[0, 0] = 1.0
    made = swap_amplitude(image, np.full((4, 4, 1), 0.5), 1)
    assert made.mean() == pytest.approx(0.5)


def test_moments_match_exactly():
    rng = np.random.default_rng(0)
    values, style = rng.random((9, 7, 3)), 5 * rng.random((4, 6, 3)) - 1
    made = match_moments(values, style)
    assert np.allclose(made.mean((0, 1)), style.mean((0, 1)))
    assert np.allclose(made.std((0, 1)), style.std((0, 1)))
    # And it is a rising line of each channel.
    x, y = values[..., 0].ravel(), made[..., 0].ravel()
    assert np.corrcoef(x, y)[0, 1] == pytest.approx(1)


def test_a_flat_channel_takes_the_mean():
    made = match_moments(np.zeros((3, 3, 1)), np.array([[[1.0], [3.0]]]))
    assert (made == 2).all()


@pytest.mark.parametrize('kind', [FourierDomainTransfer, ColourTransfer])
def test_all_frames_follow_one_picture_and_labels_stay(kind):
    """Frames that are equal stay equal; the day gets darker."""
    np.random.seed(0)
    results = clip()
    results['frames'][1]['img'] = results['frames'][0]['img'].copy()
    before = results['frames'][0]['img'].mean()
    out = kind(target=TARGET, **_strong(kind)).transform(results)
    first, second = out['frames']
    assert np.array_equal(first['img'], second['img'])
    assert first['img'].dtype == np.uint8 and first['img'].shape == (24, 32, 3)
    assert first['img'].mean() < before - 10
    assert np.array_equal(first['gt_bboxes'], clip()['frames'][0]['gt_bboxes'])


def _strong(kind):
    return dict(beta=0.1) if kind is FourierDomainTransfer else {}


def test_prob_is_the_part_of_the_clips():
    np.random.seed(0)
    transfer = ColourTransfer(target=TARGET, prob=0.5)
    changed = []
    for seed in range(60):
        results = clip(seed, 2, (8, 8))
        old = [frame['img'].copy() for frame in results['frames']]
        new = transfer.transform(results)['frames']
        flags = {
            not np.array_equal(frame['img'], image)
            for frame, image in zip(new, old, strict=True)
        }
        # A clip is changed as a whole.
        assert len(flags) == 1
        changed += flags
    assert 15 < sum(changed) < 45


def test_wrong_arguments():
    with pytest.raises(ValueError, match='between 0 and'):
        FourierDomainTransfer(beta=0.7, target=TARGET)
    empty = dict(TARGET, indices=0)
    with pytest.raises(UserError, match='is empty'):
        ColourTransfer(target=empty)
