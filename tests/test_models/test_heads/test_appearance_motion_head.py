"""What whole frames show, and how they change."""

import pytest
import torch

from mmvmtl.models.clip_batch import ClipBatch
from mmvmtl.models.heads import AppearanceMotionHead


@pytest.fixture
def head():
    torch.manual_seed(0)
    head = AppearanceMotionHead(5, in_channels=8, window=4, stride=1, hop=1)
    head.task = 'cls'
    return head.eval()


def test_every_parameter_is_trained_by_clips_of_any_length(head, clip):
    feats = (torch.randn(6, 8, 5, 4),)
    batch = ClipBatch([clip(5), clip(1, video=1)])
    head.loss(feats, batch)['loss_clip'].backward()
    assert all(p.grad.abs().sum() > 0 for p in head.parameters())


def test_the_order_of_frames_counts_and_that_of_clips_does_not(head):
    clips = head.describe((torch.randn(8, 8, 5, 4),), ()).unflatten(0, (2, 4))
    scores = head.score(clips)
    assert torch.allclose(head.score(clips.flip(0)), scores.flip(0), atol=1e-6)
    assert (head.score(clips.flip(1)) - scores).abs().min() > 1e-5


def test_a_still_clip_has_no_motion(head):
    """The motion half of the first convolution then changes nothing."""
    clips = head.describe((torch.randn(1, 8, 5, 4),), ())[None]
    still, moving = clips.expand(1, 4, -1, -1, -1), torch.randn(1, 4, 32, 5, 4)
    before = head.score(still), head.score(moving)
    with torch.no_grad():
        head.space[0].weight[:, 32:] += 1
    assert torch.equal(head.score(still), before[0])
    assert not torch.allclose(head.score(moving), before[1])


def test_a_stream_is_scored_as_its_windows_are(head, clip):
    """Frames 0..4, windows of 4: the mean over [0, 4) and [1, 5)."""
    feats = torch.randn(5, 8, 5, 4)
    batch = ClipBatch([clip(5)])
    with torch.no_grad():
        head.predict((feats,), batch)
        maps = head.describe((feats,), ())
        windows = head.score(torch.stack([maps[:4], maps[1:]]))
    expected = windows.softmax(dim=1).mean(dim=0)
    assert torch.allclose(batch.samples[0].pred_score, expected, atol=1e-6)
