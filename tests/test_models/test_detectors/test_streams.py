import numpy as np
import torch
from mmengine.structures import InstanceData

from mmvmtl.models.clip_batch import ClipBatch
from mmvmtl.models.detectors.streams import StreamBank, track


class _Echo:
    """A tracker that keeps what it is given; every box is track 1."""

    def __init__(self):
        self.seen = []

    def new_stream(self):
        return self

    def update(self, **columns):
        self.seen.append(columns)
        return np.ones(len(columns['scores']), dtype=np.int64)


def test_a_video_goes_on_and_begins_again(clip):
    bank = StreamBank(None)
    first = bank.enter([clip(3)])[0]
    assert bank.enter([clip(2, start=3)])[0] is first
    assert bank.enter([clip(2, start=2)])[0] is not first  # numbers go back
    assert bank.enter([clip(2)])[0] is not first  # frame 0


def test_videos_have_each_their_stream(clip):
    bank = StreamBank(None)
    a, b = bank.enter([clip(2, video=7), clip(2, video=8)])
    assert a is not b
    assert bank.enter([clip(1, video=8, start=2)])[0] is b


def _of_length(sample, length):
    for frame in sample.video_data_samples:
        frame.set_metainfo(dict(video_length=length))
    return sample


def test_a_stream_is_closed_when_it_has_seen_all_frames(clip):
    bank = StreamBank(None)
    samples = [_of_length(clip(2), 2)]
    streams = bank.enter(samples)
    bank.leave(samples, streams)
    assert bank.enter([clip(1, start=2)])[0] is not streams[0]


def test_the_end_of_a_video_leaves_another_of_its_id_open(clip):
    """In one batch: all of A, and the beginning of B, as long as A."""
    bank = StreamBank(None)
    samples = [_of_length(clip(2), 2), _of_length(clip(2), 4)]
    streams = bank.enter(samples)
    bank.leave(samples, streams)
    assert bank.enter([clip(2, start=2)])[0] is streams[1]


def test_one_video_is_forgotten_or_all(clip):
    bank = StreamBank(None)
    a, b = bank.enter([clip(2, video=7), clip(2, video=8)])
    bank.reset(7)
    later = [clip(1, video=7, start=2), clip(1, video=8, start=2)]
    new, kept = bank.enter(later)
    assert new is not a and kept is b
    bank.reset()
    assert bank.enter([clip(1, video=8, start=3)])[0] is not b


def test_a_part_of_a_video_keeps_its_frame_numbers(clip):
    """Frames 200..203 of a part with 4 frames are one stream."""
    bank = StreamBank(None)
    parts = [_of_length(clip(2, start=s), 4) for s in (200, 202)]
    streams = bank.enter(parts[:1])
    bank.leave(parts[:1], streams)
    assert bank.enter(parts[1:])[0] is streams[0]


def test_the_tracker_gets_each_frame_its_own_numbers(clip):
    """Two frames with 2 and 1 boxes come to the host in one table."""
    echo = _Echo()
    sample = clip(2)
    for count, frame in zip((2, 1), sample.video_data_samples, strict=True):
        frame.pred_track_instances = InstanceData(
            bboxes=torch.full((count, 4), float(count)),
            scores=torch.linspace(0.5, 0.7, count),
            labels=torch.arange(count),
            embeddings=torch.full((count, 3), 10.0 * count),
        )
    bank = StreamBank(echo)
    track(ClipBatch([sample]), bank.enter([sample]))
    a, b = echo.seen
    assert a['bboxes'].tolist() == [[2] * 4] * 2
    assert b['bboxes'].tolist() == [[1] * 4]
    assert a['labels'].tolist() == [0, 1]
    assert b['embeddings'].tolist() == [[10] * 3]
    assert (a['frame_id'], b['frame_id']) == (0, 1)
    assert 'velocities' not in a
    assert sample[0].pred_track_instances.instances_id.tolist() == [1, 1]
