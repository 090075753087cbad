import pytest
import torch
from torch import nn

from mmvmtl.models.clip_batch import ClipBatch
from mmvmtl.models.heads import ActionHead
from mmvmtl.models.heads.clip_task import ClipTask


class _MeanTask(ClipTask):
    """Describes a frame by one number; scores a window by numbers' mean."""

    def describe(self, feats, frames):
        return feats[0].mean(dim=(1, 2, 3))

    def score(self, clips):
        mean = clips.mean(dim=1)
        return torch.stack([mean, -mean], dim=1)


def _task(**cfg):
    task = _MeanTask(2, **cfg)
    task.task = 'cls'
    return task


def _feats(values):
    return (torch.tensor(values, dtype=torch.float).reshape(-1, 1, 1, 1),)


def test_score_is_the_mean_over_windows_of_every_second_frame(clip):
    """Frames 0..9, stride 2 keeps 0, 2, 4, 6, 8; windows of 3, hop 1."""
    task = _task(window=3, stride=2, hop=1)
    batch = ClipBatch([clip(10)])
    values = [0.1, 9, 0.4, 9, 0.1, 9, 0.7, 9, 0.1, 9]
    task.predict(_feats(values), batch)
    means = torch.tensor([0.2, 0.4, 0.3])
    logits = torch.stack([means, -means], dim=1)
    expected = logits.softmax(dim=1).mean(dim=0)
    assert torch.allclose(batch.samples[0].pred_score, expected)


@pytest.mark.parametrize('step', [1, 2, 3, 5])
@pytest.mark.parametrize('start', [0, 1])
def test_a_data_set_may_show_only_some_frames(clip, start, step):
    """Described are those 2 or more behind the last: 0, 2, 4 of each 1."""
    batch = ClipBatch([clip(9)])
    for i, frame in enumerate(batch.frames):
        frame.set_metainfo(dict(frame_id=start + i * step))
    shown = 2 if step == 1 else 1
    described = list(range(0, 9, shown))[:3]
    values = [0.1 if i in described else 9 for i in range(9)]
    task = _task(window=3, stride=2, hop=100)
    task.predict(_feats(values), batch)
    logits = torch.tensor([0.1, -0.1])
    assert torch.allclose(batch.samples[0].pred_score, logits.softmax(0))


def test_windows_begin_a_hop_apart(clip):
    """Of frames 0, 2, 4, 6, 8 with hop 2: windows (0, 2, 4) and (4, 6, 8)."""
    batch = ClipBatch([clip(10)])
    values = [0.1, 9, 0.4, 9, 0.1, 9, 0.7, 9, 0.1, 9]
    _task(window=3, stride=2, hop=2).predict(_feats(values), batch)
    means = torch.tensor([0.2, 0.3])
    expected = torch.stack([means, -means], dim=1).softmax(dim=1).mean(dim=0)
    assert torch.allclose(batch.samples[0].pred_score, expected)


@pytest.mark.parametrize('cuts', [(3, 7), (1, 9), (5, 5), (2, 3, 5)])
def test_score_does_not_depend_on_chunks(clip, cuts):
    values = torch.randn(10).tolist()
    whole = ClipBatch([clip(10)])
    task = _task(window=3, stride=2, hop=2)
    task.predict(_feats(values), whole)
    memory, start = None, 0
    for length in cuts:
        part = ClipBatch([clip(length, start=start)], memory or [])
        task.predict(_feats(values[start : start + length]), part)
        memory, start = part.memory, start + length
    assert torch.allclose(
        part.samples[0].pred_score, whole.samples[0].pred_score
    )


def test_two_chunks_of_a_stream_may_share_a_batch(clip):
    values = torch.randn(10).tolist()
    task = _task(window=3, stride=2, hop=1)
    whole = ClipBatch([clip(10)])
    task.predict(_feats(values), whole)
    memory = ClipBatch([clip(1)]).memory[0]
    both = ClipBatch([clip(3), clip(7, start=3)], [memory, memory])
    task.predict(_feats(values), both)
    assert torch.allclose(
        both.samples[1].pred_score, whole.samples[0].pred_score
    )


def test_a_video_shorter_than_the_window_has_a_label(clip):
    batch = ClipBatch([clip(1, start=3)])
    _task(window=4).predict(_feats([2.0]), batch)
    assert batch.samples[0].pred_label.item() == 0


def test_clips_of_different_lengths_are_each_compared_with_their_label(clip):
    """Labels 0 and 1; the score of a clip is the mean of its frames."""
    task = _task()
    clips = [clip(2, video=0), clip(3, video=1)]
    right = task.loss(_feats([9.0, 9, -9, -9, -9]), ClipBatch(clips))
    wrong = task.loss(_feats([-9.0, -9, 9, 9, 9]), ClipBatch(clips))
    assert right['loss_clip'] < 1e-3 < 10 < wrong['loss_clip']


def test_unlabelled_clips_are_left_out(clip):
    task = _task()
    clips = [clip(2, video=0), clip(2, video=1, labelled=('det',))]
    loss = task.loss(_feats([9.0, 9, 9, 9]), ClipBatch(clips))
    assert loss['loss_clip'] < 1e-3


@pytest.mark.parametrize(
    'head, dims',
    [
        (dict(type='TSNHead', num_classes=5, in_channels=8), 2),
        (dict(type='I3DHead', num_classes=5, in_channels=8), 3),
    ],
)
def test_heads_of_mmaction_serve_as_the_clip_task(clip, head, dims):
    head = ActionHead(dict(head, _scope_='mmaction'), dims=dims, window=4)
    head.task = 'cls'
    assert type(head.head).__module__.startswith('mmaction.')
    feats = (torch.randn(4, 8, 6, 6),)
    batch = ClipBatch([clip(4)])
    head.loss(feats, batch)['loss_clip'].backward()
    assert all(p.grad.abs().sum() > 0 for p in head.parameters())
    head.eval().predict(feats, ClipBatch([clip(4)]))


@pytest.mark.parametrize('name', ['TSMHead', 'mmaction.SlowFastHead'])
def test_heads_that_need_a_whole_window_are_refused(name):
    """A stream's first window has fewer frames; TSM would mix clips."""
    with pytest.raises(ValueError, match='use TSNHead or I3DHead'):
        ActionHead(dict(type=name, num_classes=5, in_channels=8))


def test_other_dims_are_refused():
    with pytest.raises(ValueError, match='dims=4'):
        ActionHead(dict(type=nn.Identity), dims=4)
