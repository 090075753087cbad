import json
from collections import Counter

import pytest
from mmengine.dataset import (
    BaseDataset,
    ClassBalancedDataset,
    ConcatDataset,
    RepeatDataset,
)
from torch.utils.data import Subset

from mmvmtl.datasets import VideoMTLDataset, samplers
from mmvmtl.datasets.samplers import VideoSampler, share_out
from mmvmtl.errors import UserError
from mmvmtl.video_order import recordings_of


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


def recorded(pictures, tmp_path, **wanted):
    """The data set of the pictures, with entries of its videos changed."""
    content = json.loads((pictures / 'ann.json').read_text())
    for video in content['videos']:
        video.update(wanted.get(video['name'], {}))
    path = tmp_path / 'recorded.json'
    path.write_text(json.dumps(content))
    return VideoMTLDataset(
        str(path), data_root=str(pictures), data_prefix=dict(img='img')
    )


@pytest.mark.parametrize(
    'wanted, groups',
    [
        ({}, [6, 2, 5]),
        (dict(gappy=dict(recording='tape'), empty=dict(recording='tape')),
         [8, 5]),
        # Stretches of one file, whatever else is said.
        (dict(empty=dict(file_name='film.mp4', recording='x')), [6, 7]),
    ],
)  # fmt: skip
def test_parts_of_a_recording_are_together(wanted, groups, pictures, tmp_path):
    data = recorded(pictures, tmp_path, **wanted)
    found = Counter(recordings_of(data)).values()
    assert list(found) == groups
    joined = Counter(recordings_of(ConcatDataset([data, data]))).values()
    assert list(joined) == groups + groups


@pytest.mark.parametrize(
    'wrap',
    [
        lambda data: RepeatDataset(data, 2),
        lambda data: ClassBalancedDataset(data, oversample_thr=0.5),
    ],
    ids=['RepeatDataset', 'ClassBalancedDataset'],
)
def test_repeated_clips_are_of_their_own_recording(wrap, pictures):
    data = VideoMTLDataset(
        'ann.json', data_root=str(pictures), data_prefix=dict(img='img'),
        filter_cfg=None,
    )  # fmt: skip
    own, wrapped = recordings_of(data), wrap(data)
    found = recordings_of(wrapped)
    assert len(found) > len(own)
    ids = [wrapped[i]['video_id'] for i in range(len(wrapped))]
    of = dict(zip([clip['video_id'] for clip in data], own, strict=True))
    assert found == [of[number] for number in ids]


def test_images_are_recordings_of_their_own():
    class Images(BaseDataset):
        def load_data_list(self):
            return [{}, {}, {}]

    assert recordings_of(Images()) == [0, 1, 2]
    with pytest.raises(UserError, match='videos of Subset can not be told'):
        recordings_of(Subset(Images(), [0]))
