"""Which clips of a batch are of one video."""

from small_model import make_clip

from mmvmtl.models.clip_batch import ClipBatch


def test_parts_of_a_recording_are_one_video():
    clips = [make_clip(1, video=video) for video in (0, 1, 2, 0)]
    assert ClipBatch(clips).videos() == [0, 1, 2, 0]
    for clip in clips[1:3]:
        clip.set_metainfo(dict(recording='tank'))
    assert ClipBatch(clips).videos() == [0, 1, 1, 0]
