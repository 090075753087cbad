"""YOLOX-tiny's trunk and dense head."""

_base_ = './video_mtl.py'

model = dict(
    backbone=dict(
        type='CSPDarknet',
        deepen_factor=0.33,
        widen_factor=0.375,
        out_indices=(2, 3, 4),
        norm_cfg=dict(type='BN', momentum=0.03, eps=0.001),
        act_cfg=dict(type='Swish'),
    ),
    neck=dict(
        type='YOLOXPAFPN',
        in_channels=[96, 192, 384],
        out_channels=96,
        num_csp_blocks=1,
        norm_cfg=dict(type='BN', momentum=0.03, eps=0.001),
        act_cfg=dict(type='Swish'),
    ),
    head=dict(
        heads=dict(
            det=dict(
                type='mmvmtl.DenseDetection',
                bbox_head=dict(
                    type='YOLOXHead',
                    num_classes=5,
                    in_channels=96,
                    feat_channels=96,
                    stacked_convs=2,
                    strides=(8, 16, 32),
                    norm_cfg=dict(type='BN', momentum=0.03, eps=0.001),
                    act_cfg=dict(type='Swish'),
                ),
                train_cfg=dict(
                    assigner=dict(type='SimOTAAssigner', center_radius=2.5)
                ),
                test_cfg=dict(
                    score_thr=0.01, nms=dict(type='nms', iou_threshold=0.65)
                ),
            ),
            track=dict(in_channels=96, strides=(8, 16, 32)),
        ),
    ),
)
