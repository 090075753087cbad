"""How data sets of clips are walked.

Training needs nothing of ours: an index is one clip, so MMEngine's
``DefaultSampler`` (epochs) and ``InfiniteSampler`` (iterations) sample clips
under every wrapper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sized

from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from mmvmtl.registry import DATA_SAMPLERS
from mmvmtl.video_order import videos_of


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
