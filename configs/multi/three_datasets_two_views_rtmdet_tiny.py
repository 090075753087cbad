"""The three data sets, and still images train tracking as well.

Of each image of coco128 there are two views, in which a person is to be
found again; velocities are unknown there and train nothing. Not trained yet.

    python tools/train.py configs/multi/three_datasets_two_views_rtmdet_tiny.py
"""

_base_ = './three_datasets_rtmdet_tiny.py'

two_views = dict(
    type='mmvmtl.TwoViews',
    transforms=[
        dict(
            type='mmvmtl.ClipRandomAffine',
            size=_base_.size,
            scale=(0.5, 2.0),
            aspect=1.25,
            translate=0.2,
        ),
        dict(type='mmvmtl.ClipRandomFlip'),
        dict(
            type='mmvmtl.ClipPhotometric',
            transforms=[dict(type='mmdet.YOLOXHSVRandomAug')],
        ),
    ],
)
pipeline = [_base_.load, two_views, _base_.pack]
train_dataloader = dict(
    dataset=dict(datasets=dict(coco128=dict(pipeline=pipeline)))
)
