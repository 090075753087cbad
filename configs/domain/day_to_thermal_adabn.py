"""Day to thermal, source only, then the norm layers' statistics of thermal; thermal is unlabelled.

Three seeds, 10 unseen videos: 78.3 mAP50 / 60.4 HOTA.

python tools/train.py configs/domain/day_to_thermal_adabn.py
"""

_base_ = './day_to_thermal.py'

custom_hooks = [
    dict(
        type='mmvmtl.AdaptiveBatchNormHook',
        dataloader=dict(
            batch_size=4,
            num_workers=1,
            collate_fn=dict(type='pseudo_collate'),
            sampler=dict(type='DefaultSampler', shuffle=False),
            dataset={
                **_base_.target,
                # As it looks, without the augmentation.
                'pipeline': [_base_.load, _base_.resize, _base_.pack],
            },
        ),
        batches=15,
    ),
]
