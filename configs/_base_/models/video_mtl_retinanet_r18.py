"""RetinaNet's dense head on a ResNet-18 with a small FPN."""

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
                    type='RetinaHead',
                    num_classes=5,
                    in_channels=128,
                    stacked_convs=2,
                    feat_channels=128,
                    anchor_generator=dict(
                        type='AnchorGenerator',
                        octave_base_scale=2,
                        scales_per_octave=3,
                        ratios=[0.5, 1.0, 2.0],
                        strides=[8, 16, 32],
                    ),
                    bbox_coder=dict(type='DeltaXYWHBBoxCoder'),
                    loss_cls=dict(
                        type='FocalLoss',
                        use_sigmoid=True,
                        gamma=2.0,
                        alpha=0.25,
                        loss_weight=1.0,
                    ),
                    loss_bbox=dict(type='L1Loss', loss_weight=1.0),
                ),
                train_cfg=dict(
                    assigner=dict(
                        type='MaxIoUAssigner',
                        pos_iou_thr=0.5,
                        neg_iou_thr=0.4,
                        min_pos_iou=0,
                        ignore_iof_thr=0.5,
                    ),
                    sampler=dict(type='PseudoSampler'),
                    allowed_border=-1,
                    pos_weight=-1,
                    debug=False,
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
