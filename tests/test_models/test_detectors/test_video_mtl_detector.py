import pytest
import torch

from mmvmtl.models.clip_batch import ClipBatch

H, W = 64, 96


def _frames(count, seed=0):
    return torch.randn(
        count, 3, H, W, generator=torch.Generator().manual_seed(seed)
    )


def test_every_parameter_is_trained(build, clip):
    model = build().train()
    losses = model(_frames(5), [clip(3), clip(2, video=1)], mode='loss')
    losses['loss_mtl'].backward()
    missing = [n for n, p in model.named_parameters() if p.grad is None]
    assert missing == []


def test_total_is_the_weighted_sum_of_the_logged_task_losses(build, clip):
    """λ = (2, 3, 5) on the sums of each head's own losses."""
    model = build(**{'loss.weights': dict(det=2.0, cls=3.0, track=5.0)})
    losses = model(_frames(3), [clip(3)], mode='loss')
    total = losses.pop('loss_mtl')
    weights = dict(det=2.0, cls=3.0, track=5.0)
    logged = {task: losses.pop(f'weight.{task}') for task in weights}
    assert logged == weights
    by_hand = sum(
        weights[name.split('.')[0]] * value for name, value in losses.items()
    )
    assert total.item() == pytest.approx(by_hand.item(), rel=1e-5)
    assert not any(value.requires_grad for value in losses.values())


def test_parse_losses_trains_on_the_total_alone(build, clip):
    model = build()
    losses = model(_frames(2), [clip(2)], mode='loss')
    total, log = model.parse_losses(losses)
    assert total is losses['loss_mtl']
    assert log['loss'] is total
    assert 'det.loss_cls' in log


def test_task_without_labels_has_zero_gradient_and_no_missing_one(build, clip):
    model = build().train()
    clips = [clip(2, labelled=('det',))]
    model(_frames(2), clips, mode='loss')['loss_mtl'].backward()
    for task in ('cls', 'track'):
        for parameter in model.head.heads[task].parameters():
            assert parameter.grad.abs().sum() == 0


def test_labels_of_unlabelled_clips_teach_nothing(build, clip):
    """A second clip without track labels does not change their loss."""
    model = build(**{'head.heads.track.box_jitter': 0.0}).eval()
    alone = model(_frames(3), [clip(3)], mode='loss')
    clips = [clip(3), clip(2, video=1, labelled=('det', 'cls'))]
    both = model(_frames(5), clips, mode='loss')
    for name in ('track.loss_embed', 'track.loss_velocity'):
        assert both[name].item() == pytest.approx(alone[name].item(), rel=1e-4)


def test_frames_without_objects_train(build, clip):
    model = build().train()
    losses = model(_frames(2), [clip(2, boxes=0)], mode='loss')
    losses['loss_mtl'].backward()
    assert all(value.isfinite() for value in losses.values())


def _seeing(model):
    """Untrained, all its boxes are points of one score: make them differ."""
    head = model.head.heads.det.bbox_head
    for boxes, scores in zip(head.rtm_reg, head.rtm_cls, strict=True):
        torch.nn.init.normal_(boxes.weight, std=0.05)
        torch.nn.init.constant_(boxes.bias, 1.0)
        torch.nn.init.normal_(scores.weight)
        torch.nn.init.constant_(scores.bias, 0.0)
    return model


def _follow(model, clip, frames, cuts):
    """Boxes and ids of a video that is cut into batches of chunks."""
    model.reset_streams()
    found, start = [], 0
    for batch in cuts:
        clips, first = [], start
        for length in batch:
            clips.append(clip(length, start=start, scale=0.5))
            start += length
        out = model(frames[first:start], clips, mode='predict')
        found += ClipBatch(out).frames
    return found, out[-1].pred_score


CUTS = [[[1]] * 12, [[4]] * 3, [[12]], [[3, 4], [5]], [[1, 1, 1], [8, 1]]]


@pytest.mark.parametrize('cuts', CUTS)
def test_tracks_do_not_depend_on_batches_and_chunks(build, clip, cuts):
    model = build(tracker=dict(type='mmvmtl.VideoTracker')).eval()
    _seeing(model)
    frames = _frames(12)
    whole, _ = _follow(model, clip, frames, [[12]])
    parts, _ = _follow(model, clip, frames, cuts)
    assert all(len(frame.pred_track_instances) > 1 for frame in whole)
    for a, b in zip(whole, parts, strict=True):
        a, b = a.pred_track_instances, b.pred_track_instances
        assert a.instances_id.tolist() == b.instances_id.tolist()
        assert torch.allclose(a.bboxes, b.bboxes, atol=1e-3)


@pytest.mark.parametrize('cuts', CUTS)
def test_clip_score_does_not_depend_on_batches_and_chunks(build, clip, cuts):
    model = _seeing(build().eval())
    frames = _frames(12)
    _, whole = _follow(model, clip, frames, [[12]])
    _, parts = _follow(model, clip, frames, cuts)
    assert torch.allclose(whole, parts, atol=1e-5)


def test_two_videos_in_a_batch_are_as_each_alone(build, clip):
    model = _seeing(build().eval())
    frames = [_frames(4, seed) for seed in (1, 2)]
    together = model(
        torch.cat(frames), [clip(4), clip(4, video=7)], mode='predict'
    )
    for seed, (video, rows) in enumerate(zip((0, 7), frames, strict=True)):
        model.reset_streams()
        alone = model(rows, [clip(4, video=video)], mode='predict')[0]
        for a, b in zip(together[seed], alone, strict=True):
            ids = [x.pred_track_instances.instances_id for x in (a, b)]
            assert len(ids[0])
            assert ids[0].tolist() == ids[1].tolist()


def test_boxes_come_back_in_original_pixels(build, clip):
    """At scale 0.5 the same picture gives boxes twice as large."""
    model = _seeing(build().eval())
    plain = model(_frames(1), [clip(1)], mode='predict')[0][0]
    halved = model(_frames(1), [clip(1, scale=0.5)], mode='predict')[0][0]
    boxes = plain.pred_instances.bboxes
    assert (boxes[:, 2:] - boxes[:, :2]).amax() > 4
    assert torch.allclose(boxes * 2, halved.pred_instances.bboxes)


def test_tasks_that_are_not_asked_are_not_computed(build, clip):
    model = build().eval()
    model.tasks = ('det',)
    for task in ('cls', 'track'):
        model.head.heads[task].predict = None
    out = model(_frames(2), [clip(2)], mode='predict')[0]
    assert 'pred_instances' in out[0]
    assert 'pred_score' not in out
    assert tuple(model(_frames(1))) == ('det',)


@pytest.mark.parametrize(
    'tasks, sentence',
    [(('det', 'trak'), "'trak' is no task"), (('track',), 'needs boxes')],
)
def test_wrong_tasks_are_named(build, tasks, sentence):
    with pytest.raises(ValueError, match=sentence):
        build().tasks = tasks


def test_embeddings_at_true_boxes_are_unit_vectors(build, clip):
    out = build().eval()(_frames(2), [clip(2)], mode='predict')[0]
    norms = out[1].gt_readout.embeddings.norm(dim=1)
    assert torch.allclose(norms, torch.ones(3))
