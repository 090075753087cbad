"""Day to thermal, source only, but low frequencies of half the clips are those of thermal; thermal is unlabelled.

One seed, 10 unseen videos, commit 4fc765f: 51.6 mAP50 / 42.7 HOTA.

python tools/train.py configs/domain/day_to_thermal_fourier.py
"""

_base_ = './day_to_thermal.py'

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
