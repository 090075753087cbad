"""Which indices of a data set are of one video."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence, Sized
from typing import Protocol, runtime_checkable

from mmengine.dataset import (
    BaseDataset,
    ClassBalancedDataset,
    ConcatDataset,
    RepeatDataset,
)

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
            f'mmvmtl.VideoSampler can not tell the videos of '
            f'{type(dataset).__name__}; give it an mmvmtl data set or a '
            'ConcatDataset of them, or use DefaultSampler.'
        )
    videos: dict[int, list[int]] = {}
    for index in range(len(dataset)):
        videos.setdefault(video_of(index), []).append(index)
    return list(videos.values())


@runtime_checkable
class Recorded(Protocol):
    """A data set whose indices are of videos."""

    def recording_of(self, index: int) -> Hashable:
        """What the video of an index is a part of, or that video."""


def recordings_of(dataset: Sized) -> list[Hashable]:
    """The recording of each index; an image without one is its own.

    Frames of one recording look alike, so what is learned from one must not
    be tested on another.

    Args:
        dataset (Sized): one of ours or of still images, or those that MMEngine
            wraps.

    Raises:
        UserError: If another class wraps it, and which index is which can
            not be told.
    """
    if isinstance(dataset, ConcatDataset):
        return [
            (number, recording)
            for number, part in enumerate(dataset.datasets)
            for recording in recordings_of(part)
        ]
    indices = range(len(dataset))
    if isinstance(dataset, (RepeatDataset, ClassBalancedDataset)):
        inner = recordings_of(dataset.dataset)
        return [inner[dataset._get_ori_dataset_idx(i)] for i in indices]
    if isinstance(dataset, Recorded):
        return [dataset.recording_of(index) for index in indices]
    if isinstance(dataset, BaseDataset):
        return list(indices)
    raise UserError(
        f'the videos of {type(dataset).__name__} can not be told apart; take '
        'an mmvmtl data set, one of images, or a ConcatDataset, RepeatDataset '
        'or ClassBalancedDataset of them.'
    )


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
