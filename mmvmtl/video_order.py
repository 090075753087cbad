"""Which indices of a data set are of one video."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Sized

from mmengine.dataset import ConcatDataset

from mmvmtl.errors import UserError


def videos_of(dataset: Sized) -> list[list[int]]:
    """Indices of a data set grouped by video, in order.

    Args:
        dataset (Sized): Has ``video_of(index)``, the number of the video an
            index belongs to, or is a ``ConcatDataset`` of such data sets.

    Raises:
        UserError: If the data set can not tell videos.
    """
    if isinstance(dataset, ConcatDataset):
        groups, start = [], 0
        for part in dataset.datasets:
            for video in videos_of(part):
                groups.append([start + index for index in video])
            start += len(part)
        return groups
    video_of = getattr(dataset, 'video_of', None)
    if video_of is None:
        raise UserError(
            f'the videos of {type(dataset).__name__} can not be told apart; '
            'take an mmvmtl data set or a ConcatDataset of them, or, in place '
            'of mmvmtl.VideoSampler, DefaultSampler.'
        )
    videos: dict[int, list[int]] = {}
    for index in range(len(dataset)):
        videos.setdefault(video_of(index), []).append(index)
    return list(videos.values())


def is_whole(order: Iterable[int], videos: Sequence[Sequence[int]]) -> bool:
    """Whether an order has each of its videos from first to last.

    Args:
        order (Iterable[int]): indices, as a sampler gives them to a rank.
        videos (Sequence[Sequence[int]]): see :func:`videos_of`.
    """
    video_of = {index: v for v, each in enumerate(videos) for index in each}
    seen: dict[int, list[int]] = {}
    for index in order:
        seen.setdefault(video_of[index], []).append(index)
    return all(found == list(videos[v]) for v, found in seen.items())
