"""Adversaries inside our detector and around a stock one."""

import copy

import pytest
import torch
from domain_clips import DOMAINS, make_domain_clip
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from small_model import CONFIGS, SIZE, build_model, make_clip, small_model_cfg

from mmvmtl.errors import UserError
from mmvmtl.models.domain.clips import predicting
from mmvmtl.registry import MODELS

ADVERSARY = dict(
    type='mmvmtl.DomainAdversary',
    domains=DOMAINS,
    image=dict(in_channels=16),
    instance=dict(in_channels=16),
    consistency=0.1,
)


def model(**changes):
    settings = dict(ADVERSARY, **changes)
    return build_model(small_model_cfg(), domain=settings).train()


def frames(samples, seed=0):
    draw = torch.Generator().manual_seed(seed)
    number = sum(len(sample) for sample in samples)
    return torch.randn(number, 3, *SIZE, generator=draw)


def both():
    return [
        make_domain_clip('day'),
        make_domain_clip('fog', tasks=(), video=1),
    ]


def test_the_domain_loss_stands_beside_the_weighted_tasks():
    """Same weights and frames: the totals differ by the domain's losses."""
    part = model()
    part.head.heads.track.box_jitter = 0.0
    plain = copy.deepcopy(part)
    plain.domain = None
    samples = both()
    losses = part(frames(samples), samples, mode='loss')
    base = plain(frames(samples), both(), mode='loss')
    added = [v for k, v in losses.items() if k.startswith('domain.loss')]
    assert len(added) == 3 and not any(v.requires_grad for v in added)
    torch.testing.assert_close(
        losses['loss_mtl'], base['loss_mtl'] + sum(added)
    )
    assert 0 <= losses['domain.acc_image'] <= 1


@pytest.mark.parametrize('form', ['reversal', 'alternating'])
@pytest.mark.parametrize('absent', [0, 1])
def test_one_domain_alone_trains_every_parameter(form, absent):
    part = model(form=form)
    samples = both()[absent : absent + 1]
    part(frames(samples), samples, mode='loss')['loss_mtl'].backward()
    missing = [k for k, p in part.named_parameters() if p.grad is None]
    assert missing == []


def test_the_adversary_reaches_the_trunk_against_the_discriminator():
    """An unlabelled clip moves the trunk by nothing else."""
    part = model(instance=None, consistency=0.0)
    samples = [make_domain_clip('fog', tasks=())]
    inputs = frames(samples)
    grads = {}
    for scale in (-1.0, 0.5):
        part.zero_grad()
        part.domain.set_scale(scale)
        twin = copy.deepcopy(part)  # batch statistics must not differ
        twin(inputs, samples, mode='loss')['loss_mtl'].backward()
        grads[scale] = twin.backbone.stem[0].conv.weight.grad
    assert grads[-1.0].abs().sum() > 0
    torch.testing.assert_close(grads[0.5], -0.5 * grads[-1.0])


def test_predicting_leaves_modes_and_statistics_alone():
    """A frozen part stays frozen; running means do not move twice."""
    part = model().head.heads.det
    part.bbox_head.cls_convs[0].eval()
    before = [module.training for module in part.modules()]
    with predicting(part):
        assert not any(module.training for module in part.modules())
        assert not torch.is_grad_enabled()
    assert [module.training for module in part.modules()] == before


def test_unlabelled_frames_are_read_at_predictions(monkeypatch):
    """And labelled ones at their ground truth, or all at predictions."""
    part = model()
    asked = []
    head = part.head.heads.det

    def predict(feats, batch):
        asked.append(len(batch.frames))
        for frame in batch.frames:
            frame.pred_instances = InstanceData(
                bboxes=torch.tensor([[0.0, 0, 9, 9]] * 3),
                scores=torch.tensor([0.9, 0.1, 0.5]),
                labels=torch.zeros(3),
            )

    monkeypatch.setattr(head, 'predict', predict)
    seen = []
    read = part.domain.instance.read
    monkeypatch.setattr(
        part.domain.instance,
        'read',
        lambda feats, boxes: seen.append(boxes) or read(feats, boxes),
    )
    samples = both()
    part(frames(samples), samples, mode='loss')
    part.domain.instance.boxes = 'predicted'
    part(frames(samples), samples, mode='loss')
    assert asked == [2, 4]
    truth = samples[0][0].gt_instances.bboxes
    assert torch.equal(seen[0][0], truth)
    # Two of three predictions are sure enough, the surest first.
    assert seen[0][2].tolist() == [[0, 0, 9, 9]] * 2 + [[0, 0, 0, 0]]
    assert seen[1].shape == (4, 2, 4)


def test_a_clip_without_a_domain_is_one_sentence():
    samples = [make_clip(length=2)]
    with pytest.raises(UserError, match='has no domain'):
        model()(frames(samples), samples, mode='loss')


def test_an_instance_level_without_detection_is_one_sentence():
    cfg = small_model_cfg()
    cfg.domain = ADVERSARY
    cfg.tracker = None
    cfg.head.heads = dict(
        cls=dict(type='mmvmtl.FrameHead', num_classes=5, in_channels=16)
    )
    cfg.loss = dict(type='mmvmtl.WeightedMTLLoss')
    part = build_model(cfg)
    samples = both()
    with pytest.raises(UserError, match='needs boxes'):
        part(frames(samples), samples, mode='loss')


def stock(kind, tasks=None, **domain):
    """A small RetinaNet or Faster R-CNN of MMDet inside the wrapper.

    With ``tasks``, the detector is inside an MTLWrapper as well.
    """
    init_default_scope('mmdet')
    torch.manual_seed(0)
    name = f'_base_/models/video_mtl_{kind}.py'
    ours = Config.fromfile(CONFIGS / name).model
    det = ours.head.heads.det
    parts = {k: det[k] for k in det if k != 'type'}
    ours.backbone.update(base_channels=8)
    ours.neck.update(
        in_channels=[c // 8 for c in ours.neck.in_channels], out_channels=16
    )
    if kind == 'retinanet_r18':
        parts['bbox_head'].update(in_channels=16, feat_channels=16)
    else:
        parts['rpn_head'].update(in_channels=16, feat_channels=16)
        roi = parts['roi_head']
        roi.bbox_roi_extractor.out_channels = 16
        roi.bbox_head.update(in_channels=16, fc_out_channels=16)
    types = dict(retinanet_r18='RetinaNet', faster_rcnn_r18='FasterRCNN')
    strides = (8, 16, 32) if kind == 'retinanet_r18' else (4, 8, 16, 32)
    detector = dict(
        type=types[kind],
        backbone=ours.backbone,
        neck=ours.neck,
        data_preprocessor=dict(type='DetDataPreprocessor', mean=[0.0] * 3,
                               std=[255.0] * 3),
        **parts,
    )  # fmt: skip
    if tasks is not None:
        detector = dict(type='mmvmtl.MTLWrapper', model=detector, tasks=tasks)
    adversary = dict(
        ADVERSARY, instance=dict(in_channels=16, strides=strides), **domain
    )
    return MODELS.build(
        dict(
            type='mmvmtl.DomainAdaptiveDetector',
            detector=detector,
            domain=adversary,
        )
    ).train()


def images(domains):
    samples = []
    for index, domain in enumerate(domains):
        sample = DetDataSample(
            metainfo=dict(
                img_shape=SIZE,
                batch_input_shape=SIZE,
                pad_shape=SIZE,
                ori_shape=SIZE,
                scale_factor=(1.0, 1.0),
                domain=domain,
            )
        )
        if domain == 'fog':
            sample.set_metainfo(dict(labelled=()))
        box = torch.tensor([[8.0, 8, 40, 40], [30, 20, 70, 60]]) + index
        sample.gt_instances = InstanceData(
            bboxes=box, labels=torch.tensor([0, 1])
        )
        samples.append(sample)
    return samples


@pytest.mark.parametrize('kind', ['retinanet_r18', 'faster_rcnn_r18'])
@pytest.mark.parametrize('domains', ['day fog', 'day day', 'fog fog'])
def test_a_stock_detector_trains_on_any_mixture(kind, domains):
    part = stock(kind)
    samples = images(domains.split())
    inputs = torch.randn(len(samples), 3, *SIZE)
    total, log = part.parse_losses(part(inputs, samples, mode='loss'))
    total.backward()
    assert total.isfinite() and 'domain.acc_instance' in log
    missing = [
        k
        for k, p in part.named_parameters()
        if p.requires_grad and p.grad is None
    ]
    assert missing == []


def test_a_weighed_stock_detector_counts_its_total_once():
    """loss = loss_mtl + the domains'; the tasks' own are only logged."""
    tasks = dict(cls=['loss_cls'], box=['loss_bbox'])
    part = stock('retinanet_r18', tasks=tasks)
    losses = part(torch.randn(2, 3, *SIZE), images(['day', 'fog']), 'loss')
    total, log = part.parse_losses(losses)
    domain = sum(v for k, v in losses.items() if k.startswith('domain.loss'))
    torch.testing.assert_close(total, losses['loss_mtl'] + domain)
    assert log['loss'] == total
    assert {'loss_cls', 'weight.box', 'domain.acc_instance'} <= set(log)
    total.backward()
    assert part.detector.bbox_head.retina_cls.weight.grad.abs().sum() > 0


def test_a_stock_detector_learns_boxes_from_labelled_frames_only():
    """Its losses are those of the day frame alone; target labels are moot."""
    part = stock('retinanet_r18', consistency=0.0)
    # Without batch statistics a frame does not see the other.
    part.eval()
    samples = images(['day', 'fog'])
    inputs = torch.randn(2, 3, *SIZE)
    losses = part.loss(inputs, samples)
    alone = part.detector.loss(inputs[:1], samples[:1])
    for name, value in alone.items():
        for one, other in zip(losses[name], value):
            torch.testing.assert_close(one, other)
    samples[1].gt_instances.bboxes += 5
    again = part.loss(inputs, samples)
    torch.testing.assert_close(again['loss_bbox'], losses['loss_bbox'])


def test_a_wrapped_detector_predicts_as_it_is():
    part = stock('retinanet_r18').eval()
    inputs = torch.randn(2, 3, *SIZE)
    with torch.no_grad():
        wrapped = part(inputs, images(['day', 'fog']), mode='predict')
        plain = part.detector.predict(inputs, images(['day', 'fog']))
    for one, other in zip(wrapped, plain):
        assert len(one.pred_instances)
        assert torch.equal(
            one.pred_instances.bboxes, other.pred_instances.bboxes
        )
