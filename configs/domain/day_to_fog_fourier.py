"""Day to fog, source only, but low frequencies of half the clips are those of fog; fog is unlabelled.

Three seeds, 10 unseen videos: 69.6 mAP50 / 56.6 HOTA.

python tools/train.py configs/domain/day_to_fog_fourier.py
"""

_base_ = './day_to_fog.py'

load, resize, augment, pack = _base_.train_pipeline
train_pipeline = [
    load,
    resize,
    dict(
        type='mmvmtl.FourierDomainTransfer',
        target=_base_.look,
        beta=0.05,
        prob=0.5,
    ),
    augment,
    pack,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
