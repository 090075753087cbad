"""Which frames of a video make a clip: pure functions of positions.

A *position* counts the frames that exist, from 0: a gap in the frame numbers
of a video does not change what is sampled, and no frame is ever repeated (a
frame shown twice would contradict its own velocity). A video shorter than the
clip gives a shorter clip; a still image is a video of one frame.
"""

from __future__ import annotations

import numpy as np

from mmvmtl.errors import UserError

Stride = int | tuple[int, int]


def worker_rng() -> np.random.Generator:
    """A generator that follows the seed of MMEngine's data loader worker."""
    return np.random.default_rng(np.random.randint(2**31))


def draw_stride(stride: Stride, rng: np.random.Generator) -> int:
    """The stride itself, or one drawn uniformly from ``(low, high)``.

    Args:
        stride (int | tuple[int, int]): Positions from one frame of the clip
            to the next, ≥ 1; both ends of a range are included.
        rng (np.random.Generator): Draws from the range.

    Raises:
        ValueError: Of a stride below 1 or an empty range.
    """
    low, high = (stride, stride) if isinstance(stride, int) else stride
    if not 1 <= low <= high:
        raise UserError(
            f'clip stride {stride!r} must be an integer ≥ 1 or a range '
            '(low, high) with 1 ≤ low ≤ high.'
        )
    return int(rng.integers(low, high + 1))


def sample_clip(
    key: int,
    num_frames: int,
    length: int,
    stride: Stride = 1,
    rng: np.random.Generator | None = None,
    pair: bool = False,
) -> tuple[list[int], int]:
    """Positions of a training clip around a key frame.

    The key frame stands in the middle, where the video allows it. Near an
    end of the video the clip is shifted inwards by whole strides; a stride
    too wide for the video is narrowed to the widest that fits.

    At a stride, motions lie between two frames of the clip that the velocity
    of neither tells. ``pair`` puts the frame before the key frame in, so that
    one velocity is seen as it is.

    Args:
        key (int): Position of the key frame, 0 ≤ key < num_frames.
        num_frames (int): Frames of the video.
        length (int): Frames of the clip, T ≥ 1.
        stride (int | tuple[int, int]): Fixed, or the range to draw from.
        rng (np.random.Generator, optional): Needed only for a range.
        pair (bool): Whether the frame before the key frame comes beside
            the T others.

    Returns:
        tuple[list[int], int]: min(T, num_frames) rising positions that
        contain ``key`` (one more with ``pair``, if it exists and is not among
        them), and the index of the key frame among them.
    """
    if length < 1:
        raise UserError(f'clip length {length} must be at least 1.')
    step = draw_stride(stride, rng or worker_rng())
    length = min(length, num_frames)
    # The key frame keeps its place, so what counts is the number of frames
    # that fit on its two sides at this stride.
    while key // step + (num_frames - 1 - key) // step + 1 < length:
        step -= 1
    before = min(length // 2, key // step)
    after = min(length - 1 - before, (num_frames - 1 - key) // step)
    before = length - 1 - after
    positions = [key + step * i for i in range(-before, after + 1)]
    if pair and key > 0 and key - 1 not in positions:
        positions.insert(before, key - 1)
        before += 1
    return positions, before


def split_into_chunks(num_frames: int, chunk: int) -> list[list[int]]:
    """Consecutive positions 0..num_frames-1 in chunks for testing.

    The last chunk of a video may be shorter.
    """
    if chunk < 1:
        raise UserError(f'chunk {chunk} must be at least 1.')
    return [
        list(range(start, min(start + chunk, num_frames)))
        for start in range(0, num_frames, chunk)
    ]
