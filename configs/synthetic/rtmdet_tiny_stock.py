"""Stock MMDet RTMDet-tiny on the frames of the synthetic world: a floor.

Nothing of the model is ours; only the data set is, so that the budget is
equal: the same number of frames and iterations as
``video_mtl_rtmdet_tiny.py``. Its optimiser is AdamW; with
Muon see ``rtmdet_tiny_stock_muon.py``.

    python tools/train.py configs/synthetic/rtmdet_tiny_stock.py
"""

_base_ = [
    '../_base_/models/rtmdet_tiny.py',
    '../_base_/datasets/synthetic.py',
    '../_base_/optimizers/adamw.py',
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
    **_base_.rtmdet_tiny,
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
        num_videos=1200,
        clip=dict(length=1, stride=1, pair=False),
        pipeline=pipeline,
    ),
)
auto_scale_lr = dict(base_batch_size=12)
val_dataloader = dict(batch_size=16, dataset=dict(chunk=1, pipeline=pipeline))
test_dataloader = dict(batch_size=16, dataset=dict(chunk=1, pipeline=pipeline))
val_evaluator = [dict(type='CocoMetric', metric='bbox', prefix='det')]
test_evaluator = val_evaluator
