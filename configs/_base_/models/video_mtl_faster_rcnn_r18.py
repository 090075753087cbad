"""Faster R-CNN's RPN and RoI heads on a ResNet-18 with a small FPN."""

_base_ = './video_mtl.py'

model = dict(
    backbone=dict(
        type='ResNet',
        depth=18,
        num_stages=4,
        out_indices=(0, 1, 2, 3),
        norm_cfg=dict(type='BN', requires_grad=True),
        style='pytorch',
    ),
    neck=dict(
        type='FPN',
        in_channels=[64, 128, 256, 512],
        out_channels=128,
        num_outs=4,
    ),
    head=dict(
        heads=dict(
            det=dict(
                type='mmvmtl.TwoStageDetection',
                rpn_head=dict(
                    type='RPNHead',
                    in_channels=128,
                    feat_channels=128,
                    anchor_generator=dict(
                        type='AnchorGenerator',
                        scales=[4],
                        ratios=[0.5, 1.0, 2.0],
                        strides=[4, 8, 16, 32],
                    ),
                    bbox_coder=dict(type='DeltaXYWHBBoxCoder'),
                    loss_cls=dict(
                        type='CrossEntropyLoss',
                        use_sigmoid=True,
                        loss_weight=1.0,
                    ),
                    loss_bbox=dict(type='L1Loss', loss_weight=1.0),
                ),
                roi_head=dict(
                    type='StandardRoIHead',
                    bbox_roi_extractor=dict(
                        type='SingleRoIExtractor',
                        roi_layer=dict(
                            type='RoIAlign', output_size=7, sampling_ratio=2
                        ),
                        out_channels=128,
                        featmap_strides=[4, 8, 16, 32],
                        finest_scale=28,
                    ),
                    bbox_head=dict(
                        type='Shared2FCBBoxHead',
                        in_channels=128,
                        fc_out_channels=256,
                        roi_feat_size=7,
                        num_classes=5,
                        bbox_coder=dict(
                            type='DeltaXYWHBBoxCoder',
                            target_stds=[0.1, 0.1, 0.2, 0.2],
                        ),
                        reg_class_agnostic=False,
                        loss_cls=dict(type='CrossEntropyLoss'),
                        loss_bbox=dict(type='L1Loss', loss_weight=1.0),
                    ),
                ),
                train_cfg=dict(
                    rpn=dict(
                        assigner=dict(
                            type='MaxIoUAssigner',
                            pos_iou_thr=0.7,
                            neg_iou_thr=0.3,
                            min_pos_iou=0.3,
                            match_low_quality=True,
                            ignore_iof_thr=0.5,
                        ),
                        sampler=dict(
                            type='RandomSampler',
                            num=256,
                            pos_fraction=0.5,
                            neg_pos_ub=-1,
                            add_gt_as_proposals=False,
                        ),
                        allowed_border=-1,
                        pos_weight=-1,
                        debug=False,
                    ),
                    rpn_proposal=dict(
                        nms_pre=1000,
                        max_per_img=300,
                        nms=dict(type='nms', iou_threshold=0.7),
                        min_bbox_size=0,
                    ),
                    rcnn=dict(
                        assigner=dict(
                            type='MaxIoUAssigner',
                            pos_iou_thr=0.5,
                            neg_iou_thr=0.5,
                            min_pos_iou=0.5,
                            match_low_quality=False,
                            ignore_iof_thr=0.5,
                        ),
                        sampler=dict(
                            type='RandomSampler',
                            num=128,
                            pos_fraction=0.25,
                            neg_pos_ub=-1,
                            add_gt_as_proposals=True,
                        ),
                        pos_weight=-1,
                        debug=False,
                    ),
                ),
                test_cfg=dict(
                    rpn=dict(
                        nms_pre=1000,
                        max_per_img=100,
                        nms=dict(type='nms', iou_threshold=0.7),
                        min_bbox_size=0,
                    ),
                    rcnn=dict(
                        score_thr=0.01,
                        nms=dict(type='nms', iou_threshold=0.5),
                        max_per_img=100,
                    ),
                ),
            ),
            track=dict(in_channels=128, strides=(4, 8, 16, 32)),
        ),
    ),
)
