import pytest
from mmengine.dataset import (
    ClassBalancedDataset,
    ConcatDataset,
    RepeatDataset,
)

from mmvmtl.datasets import VideoMTLDataset, samplers
from mmvmtl.datasets.samplers import VideoSampler, share_out
from mmvmtl.errors import UserError


class Videos:
    """Indices of videos of given lengths."""

    def __init__(self, *lengths):
        self.owner = [v for v, n in enumerate(lengths) for _ in range(n)]
        self.metainfo = {}

    def __len__(self):
        return len(self.owner)

    def video_of(self, index):
        return self.owner[index]

    def full_init(self):
        pass


def shares(dataset, ranks, monkeypatch):
    found = []
    for rank in range(ranks):
        monkeypatch.setattr(
            samplers, 'get_dist_info', lambda r=rank: (r, ranks)
        )
        found.append(list(VideoSampler(dataset)))
    return found


@pytest.mark.parametrize('ranks', [1, 2, 3, 5])
def test_each_video_is_whole_on_one_rank_and_nothing_is_repeated(
    ranks, monkeypatch
):
    data = Videos(3, 1, 4, 2)
    found = shares(data, ranks, monkeypatch)
    assert sorted(i for share in found for i in share) == list(range(10))
    owners = [{data.owner[i] for i in share} for share in found]
    assert sum(len(videos) for videos in owners) == 4
    assert all(share == sorted(share) for share in found)


def test_the_longest_video_goes_to_the_least_busy_rank():
    assert share_out([1, 1, 6, 2, 2], 2) == [[2], [0, 1, 3, 4]]


def test_videos_of_a_concatenation_stay_apart(monkeypatch):
    class Concat(ConcatDataset):
        def __init__(self, *parts):
            self.datasets = parts

    found = shares(Concat(Videos(2), Videos(2)), 2, monkeypatch)
    assert found == [[0, 1], [2, 3]]


@pytest.mark.parametrize(
    'wrap',
    [
        lambda data: [data],
        lambda data: RepeatDataset(data, 2),
        lambda data: ClassBalancedDataset(data, oversample_thr=0.5),
    ],
    ids=['list', 'RepeatDataset', 'ClassBalancedDataset'],
)
def test_what_can_not_tell_its_videos_is_refused_by_name(wrap, pictures):
    data = VideoMTLDataset(
        'ann.json', data_root=str(pictures), data_prefix=dict(img='img')
    )
    assert len(VideoSampler(data)) == 13
    wrapped = wrap(data)
    name = type(wrapped).__name__
    with pytest.raises(UserError, match=f'the videos of {name}; give it an'):
        VideoSampler(wrapped)
