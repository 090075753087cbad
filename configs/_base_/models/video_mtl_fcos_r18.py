"""FCOS's dense head on a ResNet-18 with a small FPN."""

_base_ = './video_mtl.py'

model = dict(
    backbone=dict(
        type='ResNet',
        depth=18,
        num_stages=4,
        out_indices=(1, 2, 3),
        norm_cfg=dict(type='BN', requires_grad=True),
        style='pytorch',
    ),
    neck=dict(
        type='FPN',
        in_channels=[128, 256, 512],
        out_channels=128,
        num_outs=3,
    ),
    head=dict(
        heads=dict(
            det=dict(
                type='mmvmtl.DenseDetection',
                bbox_head=dict(
                    type='FCOSHead',
                    num_classes=5,
                    in_channels=128,
                    stacked_convs=2,
                    feat_channels=128,
                    strides=[8, 16, 32],
                    # Of objects of 16 to 64 px.
                    regress_ranges=((-1, 16), (16, 28), (28, 1e8)),
                    center_sampling=True,
                    norm_on_bbox=True,
                    loss_cls=dict(
                        type='FocalLoss',
                        use_sigmoid=True,
                        gamma=2.0,
                        alpha=0.25,
                        loss_weight=1.0,
                    ),
                    loss_bbox=dict(type='GIoULoss', loss_weight=1.0),
                    loss_centerness=dict(
                        type='CrossEntropyLoss',
                        use_sigmoid=True,
                        loss_weight=1.0,
                    ),
                ),
                test_cfg=dict(
                    nms_pre=1000,
                    min_bbox_size=0,
                    score_thr=0.01,
                    nms=dict(type='nms', iou_threshold=0.5),
                    max_per_img=100,
                ),
            ),
            track=dict(in_channels=128, strides=(8, 16, 32)),
        ),
    ),
)
