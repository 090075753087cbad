"""No gradient from a class where its data set does not label it."""

import copy

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from small_model import CONFIGS, SIZE, build_model, make_clip

from mmvmtl.models.clip_batch import ClipBatch
from mmvmtl.models.heads.class_masks import HIDDEN, hide, labelled_classes
from mmvmtl.registry import MODELS

HEADS = ('rtmdet_tiny', 'fcos_r18', 'retinanet_r18')


def build(name, **changes):
    """The detection head of a base config, narrow, for 3 classes."""
    torch.manual_seed(0)
    init_default_scope('mmdet')
    cfg = Config.fromfile(CONFIGS / f'_base_/models/video_mtl_{name}.py')
    cfg = copy.deepcopy(cfg.model.head.heads.det)
    if 'bbox_head' in cfg:
        cfg.bbox_head.update(
            num_classes=3, in_channels=16, feat_channels=32, stacked_convs=1
        )
    cfg.update(changes)
    head = MODELS.build(cfg)
    head.init_weights()
    head.task = 'det'
    return head.train()


def strides(head):
    generator = getattr(head.bbox_head, 'prior_generator', None)
    return [s[0] for s in generator.strides]


def features(head, frames=2, seed=0):
    draw = torch.Generator().manual_seed(seed)
    return tuple(
        torch.randn(
            frames, 16, -(-SIZE[0] // s), -(-SIZE[1] // s), generator=draw
        )
        for s in strides(head)
    )


def clips_with(clip, *labelled):
    """One-frame clips, each saying which classes it labels."""
    clips = [clip(1, boxes=2, video=i) for i in range(len(labelled))]
    for sample, known in zip(clips, labelled, strict=True):
        sample[0].gt_instances.labels[:] = (known or (0,))[0]
        if known is not None:
            sample[0].set_metainfo(dict(labelled_classes=known))
    return clips


def score_gradients(head, clips, feats):
    """Gradient of the classification losses on the raw scores, (M, A, C)."""
    raw = []

    def keep(_, __, outputs):
        for level in outputs[0]:
            level.retain_grad()
        raw.extend(outputs[0])

    handle = head.bbox_head.register_forward_hook(keep)
    losses = head.loss(feats, ClipBatch(clips))
    handle.remove()
    value = losses['loss_cls']
    (sum(value) if isinstance(value, list) else value).backward()
    grads = [
        (level.grad if level.grad is not None else level * 0)
        .unflatten(1, (-1, head.num_classes))
        .transpose(1, 2).flatten(2).abs().sum(2)
        for level in raw
    ]  # fmt: skip
    return sum(grads), losses


@pytest.mark.parametrize('name', HEADS)
def test_an_unlabelled_class_gets_exactly_no_gradient_there(name, clip):
    """Frame 0 labels classes 0 and 1, frame 1 class 2 alone."""
    head = build(name)
    clips = clips_with(clip, (0, 1), (2,))
    grads, losses = score_gradients(head, clips, features(head))
    silent = grads == 0
    assert silent.tolist() == [[False, False, True], [True, True, False]]
    assert all(_total(value).isfinite() for value in losses.values())


@pytest.mark.parametrize('name', HEADS)
def test_all_labelled_is_as_without_masks(name, clip):
    head = build(name)
    feats = features(head)
    whole = head.loss(feats, ClipBatch(clips_with(clip, None, None)))
    told = head.loss(feats, ClipBatch(clips_with(clip, (0, 1, 2), (0, 1, 2))))
    for key, value in whole.items():
        assert torch.equal(torch.as_tensor(value), torch.as_tensor(told[key]))


@pytest.mark.parametrize('name', HEADS)
def test_the_loss_is_that_of_a_head_without_the_class(name, clip):
    """Frames that label class 0 alone, against the head's first class."""
    head = build(name)
    feats = features(head)
    masked = head.loss(feats, ClipBatch(clips_with(clip, (0,), (0,))))
    single = copy.deepcopy(head)
    with torch.no_grad():
        outs = head.bbox_head(feats)
    alone = tuple(
        level.unflatten(1, (-1, 3))[:, :, :1].flatten(1, 2)
        for level in outs[0]
    )
    single.bbox_head.num_classes = single.bbox_head.cls_out_channels = 1
    single.bbox_head.forward = lambda _: (alone, *outs[1:])
    found = single.loss(feats, ClipBatch(clips_with(clip, (0,), (0,))))
    torch.testing.assert_close(
        _total(masked['loss_cls']), _total(found['loss_cls'])
    )
    torch.testing.assert_close(
        _total(masked['loss_bbox']), _total(found['loss_bbox'])
    )


def _total(value):
    return (sum(value) if isinstance(value, list) else value).detach()


def test_hidden_scores_by_hand():
    """Two anchors of three classes; the second class is unknown."""
    scores = torch.arange(6.0).reshape(1, 6, 1, 1)
    known = torch.tensor([[True, False, True]])
    assert hide(scores, known).flatten().tolist() == [
        0, HIDDEN, 2, 3, HIDDEN, 5,
    ]  # fmt: skip


def test_frames_that_say_nothing_label_everything(clip):
    frames = ClipBatch(clips_with(clip, None, (1,), ())).frames
    assert labelled_classes(frames, 2).tolist() == [
        [True, True], [False, True], [False, False],
    ]  # fmt: skip
    assert labelled_classes(frames[:1], 2) is None


def test_the_hook_is_gone_after_the_loss(clip):
    head = build('rtmdet_tiny')
    feats = features(head)
    head.loss(feats, ClipBatch(clips_with(clip, (0,), (0,))))
    assert all((level > HIDDEN).all() for level in head(feats)[0])


@pytest.mark.parametrize(
    'name, words',
    [
        ('yolox_tiny', 'YOLOXHead does not score each class'),
        ('faster_rcnn_r18', 'use mmvmtl.DenseDetection'),
    ],
)
def test_heads_that_judge_all_classes_at_once_are_refused(name, words, clip):
    head = build(name)
    feats = tuple(torch.zeros(1, 16, 8 >> i, 12 >> i) for i in range(3))
    with pytest.raises(ValueError, match=words):
        head.loss(feats, ClipBatch(clips_with(clip, (0,))))


@pytest.mark.parametrize('name', [*HEADS, 'yolox_tiny'])
def test_a_frame_in_which_no_class_is_labelled_is_left_out(name, clip):
    """As a teacher without a sure box gives it; every head can do that."""
    head = build(name)
    feats = features(head)
    clips = clips_with(clip, None, (0,))
    clips[1][0].set_metainfo(dict(labelled_classes=()))
    found = head.loss(feats, ClipBatch(clips))
    head = build(name)
    first = tuple(level[:1] for level in feats)
    alone = head.loss(first, ClipBatch(clips[:1]))
    for key, value in alone.items():
        torch.testing.assert_close(_total(found[key]), _total(value))
    other = tuple(level[1:] for level in feats)
    losses = head.loss(other, ClipBatch(clips[1:]))
    assert all(_total(value) == 0 for value in losses.values())


def test_two_stages_leave_such_a_frame_out_as_well():
    file = CONFIGS / '_base_/models/video_mtl_faster_rcnn_r18.py'
    cfg = Config.fromfile(file).model
    cfg.data_preprocessor.input_size = SIZE
    model = build_model(cfg).train()
    sample = make_clip(2, boxes=2)
    sample[1].set_metainfo(dict(labelled_classes=()))
    losses = model(torch.zeros(2, 3, *SIZE), [sample], mode='loss')
    assert losses['loss_mtl'].isfinite()
