"""The small shared network, alone and in three libraries' models."""

import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from mmvmtl.models import MultiTaskCNN, SharedLayer
from mmvmtl.registry import MODELS


def test_a_stage_is_the_maximum_of_four_rectified_cells():
    """One channel, a kernel that is 2 in its middle, on 1, −3, 5, 2."""
    net = MultiTaskCNN(channels=(1,), out_indices=(0,), in_channels=1)
    with torch.no_grad():
        net.stages[0].conv.weight.zero_()[0, 0, 1, 1] = 2.0
        net.stages[0].conv.bias.fill_(-1.0)
    frame = torch.tensor([[1.0, -3.0], [5.0, 2.0]]).reshape(1, 1, 2, 2)
    assert net(frame)[0].item() == 9.0
    assert net(-frame.abs())[0].item() == 0.0


def test_it_is_the_textbook_network():
    """64×64 → 8×8 cells of 128 channels, with 3·32, 32·64, 64·128 filters."""
    net = MultiTaskCNN()
    (out,) = net(torch.randn(2, 3, 64, 64))
    assert out.shape == (2, 128, 8, 8)
    filters = 9 * (3 * 32 + 32 * 64 + 64 * 128) + 32 + 64 + 128
    assert sum(p.numel() for p in net.parameters()) == filters


def test_levels_that_are_asked_are_given_and_no_stage_more():
    net = MultiTaskCNN(out_indices=(0, 1))
    net.stages[2].forward = None
    shapes = [x.shape[1:] for x in net(torch.randn(1, 3, 32, 48))]
    assert shapes == [(32, 16, 24), (64, 8, 12)]


@pytest.mark.parametrize('out_indices', [(3,), (), -1])
def test_a_stage_that_does_not_exist_is_named(out_indices):
    with pytest.raises(ValueError, match='stages 0 to 2'):
        MultiTaskCNN(out_indices=out_indices)


def test_the_shared_layer_knows_where_something_is():
    """A weight on the upper left cell alone; the lower right is not seen."""
    layer = SharedLayer(1, 1, size=2)
    with torch.no_grad():
        layer.fc.weight.copy_(torch.tensor([[1.0, 0, 0, 0]]))
        layer.fc.bias.zero_()
    frame = torch.zeros(2, 1, 4, 4)
    frame[0, 0, 1, 1] = frame[1, 0, 3, 3] = 4.0
    (out,) = layer((frame,))
    assert out.shape == (2, 1, 1, 1)
    assert out.flatten().tolist() == [1.0, 0.0]


def test_a_recogniser_of_mmaction2_trains_on_it():
    from mmaction.structures import ActionDataSample

    init_default_scope('mmaction')
    model = MODELS.build(
        dict(
            type='Recognizer2D',
            _scope_='mmaction',
            backbone=dict(type='mmvmtl.MultiTaskCNN', out_indices=2),
            cls_head=dict(type='TSNHead', num_classes=3, in_channels=128),
        )
    )
    clips = torch.randn(2, 4, 3, 32, 32)
    samples = [ActionDataSample().set_gt_label(i) for i in range(2)]
    losses = model(clips, samples, mode='loss')
    losses['loss_cls'].backward()
    assert all(p.grad.abs().sum() > 0 for p in model.backbone.parameters())


def test_a_detector_of_mmdet_trains_on_it():
    from mmdet.structures import DetDataSample

    init_default_scope('mmdet')
    head = dict(
        type='RTMDetHead',
        num_classes=2,
        in_channels=128,
        feat_channels=16,
        stacked_convs=1,
        anchor_generator=dict(
            type='MlvlPointGenerator', offset=0, strides=[8]
        ),
        bbox_coder=dict(type='DistancePointBBoxCoder'),
        loss_cls=dict(type='QualityFocalLoss', use_sigmoid=True),
        loss_bbox=dict(type='GIoULoss'),
        with_objectness=False,
        norm_cfg=dict(type='BN'),
    )
    assigner = dict(type='DynamicSoftLabelAssigner', topk=4)
    model = MODELS.build(
        dict(
            type='RTMDet',
            backbone=dict(type='mmvmtl.MultiTaskCNN'),
            neck=None,
            bbox_head=head,
            train_cfg=dict(
                assigner=assigner, allowed_border=-1, pos_weight=-1
            ),
            test_cfg=dict(),
        )
    )
    sample = DetDataSample(
        metainfo=dict(img_shape=(64, 64), pad_shape=(64, 64))
    )
    sample.gt_instances = InstanceData(
        bboxes=torch.tensor([[8.0, 8.0, 40.0, 40.0]]),
        labels=torch.tensor([1]),
    )
    losses = model(torch.randn(1, 3, 64, 64), [sample], mode='loss')
    total, _ = model.parse_losses(losses)
    total.backward()
    assert all(p.grad.abs().sum() > 0 for p in model.backbone.parameters())


def test_the_bare_map_of_a_backbone_is_one_level(build):
    """Not one level a frame."""
    model = build()
    model.backbone = MultiTaskCNN(out_indices=2)
    model.neck = None
    (level,) = model.extract_feat(torch.randn(3, 3, 32, 32))
    assert level.shape == (3, 128, 4, 4)
