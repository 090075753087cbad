"""Stock MMDet RTMDet-tiny on the frames of the synthetic world: a floor.

Nothing of the model is ours; only the data set is, so that the budget is
equal: the same number of frames and iterations as
``video_mtl_rtmdet_tiny.py``.

    python tools/train.py configs/synthetic/rtmdet_tiny_stock.py
"""

_base_ = [
    '../_base_/datasets/synthetic.py',
    '../_base_/schedules/full.py',
    '../_base_/default_runtime.py',
]

model = dict(
    type='RTMDet',
    data_preprocessor=dict(
        type='DetDataPreprocessor',
        mean=[103.53, 116.28, 123.675],
        std=[57.375, 57.12, 58.395],
        bgr_to_rgb=False,
        batch_augments=None,
    ),
    backbone=dict(
        type='CSPNeXt',
        arch='P5',
        expand_ratio=0.5,
        deepen_factor=0.167,
        widen_factor=0.375,
        channel_attention=True,
        norm_cfg=dict(type='BN'),
        act_cfg=dict(type='SiLU', inplace=True),
    ),
    neck=dict(
        type='CSPNeXtPAFPN',
        in_channels=[96, 192, 384],
        out_channels=96,
        num_csp_blocks=1,
        expand_ratio=0.5,
        norm_cfg=dict(type='BN'),
        act_cfg=dict(type='SiLU', inplace=True),
    ),
    bbox_head=dict(
        type='RTMDetSepBNHead',
        num_classes=5,
        in_channels=96,
        stacked_convs=2,
        feat_channels=96,
        anchor_generator=dict(
            type='MlvlPointGenerator',
            offset=0,
            strides=[8, 16, 32],
        ),
        bbox_coder=dict(type='DistancePointBBoxCoder'),
        loss_cls=dict(
            type='QualityFocalLoss',
            use_sigmoid=True,
            beta=2.0,
            loss_weight=1.0,
        ),
        loss_bbox=dict(type='GIoULoss', loss_weight=2.0),
        with_objectness=False,
        exp_on_reg=False,
        share_conv=True,
        pred_kernel_size=1,
        norm_cfg=dict(type='BN'),
        act_cfg=dict(type='SiLU', inplace=True),
    ),
    train_cfg=dict(
        assigner=dict(type='DynamicSoftLabelAssigner', topk=13),
        allowed_border=-1,
        pos_weight=-1,
        debug=False,
    ),
    test_cfg=dict(
        nms_pre=1000,
        min_bbox_size=0,
        score_thr=0.01,
        nms=dict(type='nms', iou_threshold=0.65),
        max_per_img=100,
    ),
)

pipeline = [
    dict(type='mmvmtl.LoadVideoFrames'),
    dict(type='mmvmtl.FrameOfClip'),
    dict(
        type='PackDetInputs',
        meta_keys=(
            *('img_id', 'img_path', 'ori_shape', 'img_shape'),
            *('scale_factor', 'instances'),
        ),
    ),
]
train_dataloader = dict(
    batch_size=21,
    dataset=dict(
        num_videos=2100, clip=dict(length=1, stride=1), pipeline=pipeline
    ),
)
val_dataloader = dict(batch_size=16, dataset=dict(chunk=1, pipeline=pipeline))
test_dataloader = dict(batch_size=16, dataset=dict(chunk=1, pipeline=pipeline))
val_evaluator = [dict(type='CocoMetric', metric='bbox', prefix='det')]
test_evaluator = val_evaluator
