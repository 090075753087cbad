"""Clip labels that depend on the order of frames."""

import pytest
import torch

from mmvmtl.models import TemporalConvHead
from mmvmtl.models.clip_batch import ClipBatch


def head(**settings):
    settings = dict(in_channels=1, feat_channels=8) | settings
    built = TemporalConvHead(2, **settings)
    built.task = 'cls'
    return built


def test_the_forward_order_is_told_from_the_backward_one():
    """A mean of frame scores could not; trained on ramps, up or down."""
    torch.manual_seed(0)
    built = head()
    ramps = torch.linspace(-1, 1, 6).repeat(2, 1)
    clips = torch.stack([ramps[0], ramps[1].flip(0)])[..., None]
    optimizer = torch.optim.Adam(built.parameters(), lr=0.02)
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(
            built.score(clips), torch.tensor([0, 1])
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert built.score(clips).argmax(dim=1).tolist() == [0, 1]
    shuffled = clips[:, [3, 0, 5, 1, 4, 2]]
    assert not torch.allclose(built.score(shuffled), built.score(clips))


@pytest.mark.parametrize('length', [1, 2, 7])
def test_a_clip_of_any_length_has_a_score(length):
    assert head().score(torch.randn(3, length, 1)).shape == (3, 2)


def test_a_frame_is_described_by_the_mean_of_the_level_it_reads():
    feats = torch.zeros(2, 1, 2, 2), torch.arange(8.0).reshape(2, 1, 2, 2)
    assert head().describe(feats, ()).tolist() == [[1.5], [5.5]]
    assert head(level=0).describe(feats, ()).tolist() == [[0.0], [0.0]]


def test_the_loss_reads_labelled_clips_of_unlike_lengths(clip):
    torch.manual_seed(0)
    built = head()
    samples = [clip(3), clip(2, video=1), clip(2, labelled=('det',))]
    feats = (torch.randn(7, 1, 4, 4),)
    loss = built.loss(feats, ClipBatch(samples))['loss_clip']
    rows = feats[0].mean(dim=(2, 3))
    logits = torch.cat(
        [built.score(rows[None, :3]), built.score(rows[None, 3:5])]
    )
    expected = torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1]))
    torch.testing.assert_close(loss, expected)
