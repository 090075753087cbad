"""Episodes of the synthetic world."""

import pytest
import torch

from mmvmtl.datasets import EpisodeDataset
from mmvmtl.datasets.episodes import relabel
from mmvmtl.datasets.synthetic.dataset import SyntheticVideoDataset
from mmvmtl.errors import UserError
from mmvmtl.registry import DATASETS


def domain(style='day', videos=8, **settings):
    return dict(
        type='mmvmtl.SyntheticVideoDataset',
        world=dict(size=(128, 96), length=(4, 4), style=style, crowding=0.5),
        split='train',
        num_videos=videos,
        clip=dict(length=1),
        pipeline=[
            dict(type='mmvmtl.LoadVideoFrames'),
            dict(type='mmvmtl.ClipResize', scale=(64, 48)),
            dict(type='mmvmtl.PackVideoInputs'),
        ],
        **settings,
    )


def episodes(**settings):
    return EpisodeDataset(
        **{
            **dict(
                domains=dict(day=domain(), night=domain('night')),
                shots=2,
                queries=3,
                episodes=6,
                classes=('disc', 'square', 'star'),
                ways=2,
            ),
            **settings,
        }
    )


@pytest.fixture(scope='module')
def drawn():
    return [episodes()[i] for i in range(6)]


def labels(part):
    return [
        frame.gt_instances.labels.tolist()
        for sample in part['data_samples']
        for frame in sample.video_data_samples
    ]


def test_an_episode_is_one_domain_and_a_few_classes(drawn):
    assert {episode.domain for episode in drawn} == {'day', 'night'}
    for episode in drawn:
        assert len(episode.support['inputs']) == 2
        assert len(episode.query['inputs']) == 3
        # Night is darker than any day.
        dark = torch.stack(episode.query['inputs']).float().mean() < 60
        assert dark == (episode.domain == 'night')
        assert len(set(episode.classes)) == 2
        assert set(episode.classes) <= {'disc', 'square', 'star'}


def test_every_frame_shows_an_object_and_the_support_every_class(drawn):
    for episode in drawn:
        both = labels(episode.support) + labels(episode.query)
        assert all(row and set(row) <= {0, 1} for row in both)
        assert set().union(*labels(episode.support)) == {0, 1}


def test_no_video_is_in_both_halves(drawn):
    for episode in drawn:
        videos = [
            sample.video_id
            for part in (episode.support, episode.query)
            for sample in part['data_samples']
        ]
        assert len(set(videos)) == 5


def test_labels_follow_the_order_of_the_classes(drawn):
    """The same frames with all classes tell which object is which."""
    for episode in drawn[:3]:
        every = EpisodeDataset(dict(only=domain(episode.domain)), 1, 7, 1)
        truth = {
            sample.video_id: sample[0].gt_instances
            for part in (every[0].support, every[0].query)
            for sample in part['data_samples']
        }
        for sample in episode.query['data_samples']:
            old = truth[sample.video_id]
            for box, label in zip(
                sample[0].gt_instances.bboxes, sample[0].gt_instances.labels
            ):
                (place,) = (old.bboxes == box).all(1).nonzero()[0]
                name = every.metainfo['classes'][int(old.labels[place])]
                assert name == episode.classes[int(label)]


def test_an_episode_is_a_function_of_seed_epoch_and_index(drawn):
    again = episodes()
    for index in (3, 0):
        one, other = again[index], drawn[index]
        assert one.classes == other.classes
        assert torch.equal(one.query['inputs'][2], other.query['inputs'][2])
    orders = {
        tuple(again[index].classes + (again[index].domain,))
        for index in range(4)
    }
    again.set_epoch(1)
    assert orders != {
        tuple(again[index].classes + (again[index].domain,))
        for index in range(4)
    }


def test_classes_of_the_head_beyond_the_ways_stay_unused():
    wide = episodes(num_classes=4)
    names = ('way 0', 'way 1', 'way 2', 'way 3')
    assert wide.metainfo == dict(classes=names)
    assert len(wide[0].classes) == 2


def test_without_ways_labels_keep_their_meaning():
    whole = episodes(ways=None, classes=None)
    assert whole.metainfo['classes'][:2] == ('disc', 'square')
    found = {
        x for i in range(3) for row in labels(whole[i].query) for x in row
    }
    assert found - {0, 1}
    some = episodes(ways=None, classes=('star',))
    star = some.metainfo['classes'].index('star')
    assert {x for row in labels(some[0].query) for x in row} == {star}


def test_a_class_has_the_first_domains_label_in_every_domain():
    """The second domain counts the five classes backwards."""
    plain = episodes(classes=None, ways=None)
    names = plain.classes
    other = domain('night', metainfo=dict(classes=names[::-1]))
    turned = episodes(
        domains=dict(day=domain(), night=other), classes=None, ways=None
    )
    assert turned.metainfo['classes'] == names
    for data in (plain, turned):
        del data.domains['day']
    for index in range(2):
        old, new = (labels(data[index].query) for data in (plain, turned))
        assert new == [[4 - label for label in row] for row in old]


@pytest.mark.parametrize(
    ('settings', 'words'),
    [
        (dict(shots=6), 'needs 9 clips, domain .day. has 8'),
        (dict(domains={}), 'at least one domain'),
        (dict(shots=0), 'at least one domain, one shot'),
        (dict(classes=('disc', 'cube')), "'cube' of .* is not in domain"),
        (dict(ways=4), 'ways=4 .* between 1 and its 3'),
        (dict(num_classes=1), 'num_classes=1 .* at least its ways'),
        (dict(num_classes=3, ways=None), 'which are None'),
    ],
)
def test_wrong_arguments(settings, words):
    with pytest.raises(UserError, match=words) as error:
        episodes(**settings)
    assert '\n' not in str(error.value)


def test_too_few_clips_with_an_object():
    """One shot can not show two classes where no frame has both."""
    small = dict(domains=dict(day=domain(videos=3)), shots=1, queries=2)
    rare = episodes(**small, classes=None, ways=5)
    with pytest.raises(UserError, match='has not 1 shots and 2 queries'):
        for index in range(6):
            rare[index]


class InVideos(SyntheticVideoDataset):
    """As if indices were frames of videos, as in real data."""

    frames = 4

    def recording_of(self, index):
        return index // self.frames


@DATASETS.register_module()
class OneClassEach(InVideos):
    """Video i shows objects of class i modulo 5 alone; some may show none."""

    def __init__(self, frames, empty=(), **kwargs):
        super().__init__(**kwargs)
        self.frames, self.empty = frames, empty

    def __getitem__(self, index):
        clip = super().__getitem__(index)
        video = self.recording_of(index)
        frame = clip['data_samples'].video_data_samples[0]
        frame.gt_instances.labels[:] = video % 5
        if video in self.empty:
            frame.gt_instances = frame.gt_instances[:0]
        return clip


def recordings(part, frames):
    return {sample.video_id // frames for sample in part['data_samples']}


@pytest.mark.parametrize('videos', [2, 3])
def test_frames_of_a_recording_are_in_one_half(videos):
    """A neighbouring frame in the support would be the answer."""
    lab = {**domain(videos=4 * videos), 'type': InVideos}
    drawn = episodes(domains=dict(lab=lab), ways=None, shots=3)
    for index in range(6):
        both = (drawn[index].support, drawn[index].query)
        first, second = (recordings(half, 4) for half in both)
        assert first and second and not first & second


@pytest.mark.parametrize(
    'videos, frames, settings',
    [
        (6, 1, dict(shots=5, queries=1)),
        (15, 1, dict(shots=10, queries=5)),
        (4, 5, dict(shots=5, queries=5, empty=(1, 2))),
        (10, 5, dict(shots=5, queries=5, ways=2)),
        (10, 5, dict(shots=10, queries=5, ways=5)),
    ],
)
def test_few_recordings_are_shared_out(videos, frames, settings):
    """As many go to the support as leave some for the query."""
    settings = dict(settings)
    lab = {
        **domain(videos=videos * frames),
        'type': OneClassEach,
        'frames': frames,
        'empty': settings.pop('empty', ()),
    }
    drawn = episodes(**{**dict(ways=None, classes=None), **settings},
                     domains=dict(lab=lab), episodes=8)  # fmt: skip
    for index in range(8):
        both = (drawn[index].support, drawn[index].query)
        first, second = (recordings(half, frames) for half in both)
        assert first and second and not first & second


def test_one_recording_is_one_sentence():
    lab = {**domain(videos=4), 'type': InVideos}
    with pytest.raises(UserError, match=r"'lab' .*has one recording"):
        episodes(domains=dict(lab=lab), shots=1)


def test_labelled_classes_follow_the_labels():
    clip = episodes().domains['day'][0]['data_samples']
    for frame in clip.video_data_samples:
        frame.set_metainfo(dict(labelled_classes=(3, 4)))
    relabel(clip, {4: 0, 1: 1})
    assert [f.labelled_classes for f in clip.video_data_samples] == [(0,)]
