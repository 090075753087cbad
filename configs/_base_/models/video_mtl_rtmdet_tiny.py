"""RTMDet-tiny's trunk and dense head, with clip labels and tracking."""

_base_ = ['./video_mtl.py', './rtmdet_tiny.py']

model = dict(
    backbone=_base_.rtmdet_tiny.backbone,
    neck=_base_.rtmdet_tiny.neck,
    head=dict(
        heads=dict(
            det=dict(
                type='mmvmtl.DenseDetection',
                bbox_head=_base_.rtmdet_tiny.bbox_head,
                train_cfg=_base_.rtmdet_tiny.train_cfg,
                test_cfg=_base_.rtmdet_tiny.test_cfg,
            ),
            track=dict(in_channels=96, strides=(8, 16, 32)),
        ),
    ),
)
