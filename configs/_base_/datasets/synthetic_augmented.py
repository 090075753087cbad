"""Clips of the synthetic world in other colours: for training that meets another domain later."""

_base_ = './synthetic.py'

train_pipeline = [
    dict(type='mmvmtl.LoadVideoFrames'),
    dict(
        type='mmvmtl.ClipPhotometric',
        transforms=[dict(type='PhotoMetricDistortion')],
        prob=0.5,
    ),
    dict(type='mmvmtl.ClipResize', scale=(256, 192)),
    dict(type='mmvmtl.PackVideoInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
