"""Zebrafish with 20 labelled frames: 1, 11, ..., 191; validation as there.

The frames between do not exist: clips are of labelled frames only.
"""

_base_ = './zebrafish.py'

train_dataloader = dict(
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        frames=(1, 191, 10),
        clip=dict(length=2, stride=1, pair=False),
    ),
)
