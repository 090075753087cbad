"""Half-resolution clips in other colours, blurred and noisy: for training that meets another domain."""

_base_ = './synthetic_small.py'

load, resize, pack = _base_.train_pipeline
augment = dict(
    type='mmvmtl.ClipPhotometric',
    transforms=[
        dict(type='mmdet.PhotoMetricDistortion'),
        dict(type='mmvmtl.BlurAndNoise', blur=0.8, noise=10.0),
    ],
    prob=0.5,
)
train_pipeline = [load, resize, augment, pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
