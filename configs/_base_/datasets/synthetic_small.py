"""The frozen synthetic world at half its resolution, for studies of many runs."""

_base_ = './synthetic.py'

train_pipeline = [
    dict(type='mmvmtl.LoadVideoFrames'),
    dict(type='mmvmtl.ClipResize', scale=(128, 96)),
    dict(type='mmvmtl.PackVideoInputs'),
]
test_pipeline = [
    dict(type='mmvmtl.LoadVideoFrames'),
    dict(type='mmvmtl.ClipResize', scale=(128, 96)),
    dict(type='mmvmtl.PackVideoInputs', original_gt=True),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
