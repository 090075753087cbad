"""How data sets of clips are walked.

Training needs nothing of ours: an index is one clip, so MMEngine's
``DefaultSampler`` (epochs) and ``InfiniteSampler`` (iterations) sample clips
under every wrapper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sized

from mmengine.dataset import ConcatDataset
from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from mmvmtl.errors import UserError
from mmvmtl.registry import DATA_SAMPLERS


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


def share_out(lengths: list[int], num_ranks: int) -> list[list[int]]:
    """Give whole videos to ranks, the longest first to the least busy.

    Args:
        lengths (list[int]): Indices of each video.
        num_ranks (int): Number of processes.

    Returns:
        list[list[int]]: For each rank the numbers of its videos, rising.
    """
    load = [0] * num_ranks
    shares: list[list[int]] = [[] for _ in range(num_ranks)]
    for video in sorted(range(len(lengths)), key=lambda v: -lengths[v]):
        rank = load.index(min(load))
        load[rank] += lengths[video]
        shares[rank].append(video)
    return [sorted(share) for share in shares]


@DATA_SAMPLERS.register_module()
class VideoSampler(Sampler):
    """Walk whole videos in order, each on exactly one rank, for testing.

    No video is split over ranks (its tracks live on one), and no index is
    repeated to even the ranks out, so a rank may have less to do than
    another, or nothing.

    Args:
        dataset (Sized): See :func:`videos_of`.
        seed (int, optional): Taken because MMEngine's Runner passes it;
            nothing here is random.
    """

    def __init__(self, dataset: Sized, seed: int | None = None) -> None:
        rank, num_ranks = get_dist_info()
        videos = videos_of(dataset)
        mine = share_out([len(video) for video in videos], num_ranks)[rank]
        self.indices = [index for video in mine for index in videos[video]]

    def __iter__(self) -> Iterator[int]:
        """Iterate over this rank's indices, video by video."""
        return iter(self.indices)

    def __len__(self) -> int:
        """Number of this rank's indices."""
        return len(self.indices)

    def set_epoch(self, epoch: int) -> None:
        """Do nothing: every epoch walks the same way."""
