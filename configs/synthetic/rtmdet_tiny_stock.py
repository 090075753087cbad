"""Stock MMDet RTMDet-tiny on the frames of the synthetic world: a floor.

Nothing of the model is ours; only the data set is, so that the budget is
equal: the same number of frames and iterations as
``video_mtl_rtmdet_tiny.py``. Its optimiser is MMDet's for RTMDet; with
Muon see ``rtmdet_tiny_stock_muon.py``.

    python tools/train.py configs/synthetic/rtmdet_tiny_stock.py
"""

_base_ = [
    '../_base_/models/video_mtl_rtmdet_tiny.py',
    '../_base_/datasets/synthetic.py',
    '../_base_/schedules/full.py',
    '../_base_/default_runtime.py',
]

detection = _base_.model.head.heads.det
model = dict(
    _delete_=True,
    type='RTMDet',
    data_preprocessor=dict(
        type='DetDataPreprocessor',
        mean=_base_.model.data_preprocessor.mean,
        std=_base_.model.data_preprocessor.std,
        bgr_to_rgb=False,
        batch_augments=None,
    ),
    backbone=_base_.model.backbone,
    neck=_base_.model.neck,
    bbox_head=detection.bbox_head,
    train_cfg=detection.train_cfg,
    test_cfg=detection.test_cfg,
)

optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=2e-3, weight_decay=0.05)
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
    batch_size=12,
    dataset=dict(
        num_videos=1200, clip=dict(length=1, stride=1), pipeline=pipeline
    ),
)
val_dataloader = dict(batch_size=16, dataset=dict(chunk=1, pipeline=pipeline))
test_dataloader = dict(batch_size=16, dataset=dict(chunk=1, pipeline=pipeline))
val_evaluator = [dict(type='CocoMetric', metric='bbox', prefix='det')]
test_evaluator = val_evaluator
