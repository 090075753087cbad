"""Day to thermal with an adversary at boxes; thermal is unlabelled.

Three seeds, 10 unseen videos: 69.9 mAP50 / 53.4 HOTA.

python tools/train.py configs/domain/day_to_thermal_instance.py
"""

_base_ = './day_to_thermal.py'

model = dict(
    domain=dict(
        type='mmvmtl.DomainAdversary',
        domains=('day', 'thermal'),
        instance=dict(in_channels=96),
    ),
)
# As many labelled clips an iteration as source only, and as many of thermal.
train_dataloader = dict(
    batch_size=4,
    sampler=dict(
        _delete_=True,
        type='mmdet.MultiSourceSampler',
        batch_size=4,
        source_ratio=[1, 1],
    ),
    dataset=dict(
        _delete_=True,
        type='ConcatDataset',
        datasets=[_base_.source, _base_.target],
    ),
)
# What plays against features that are trained already must learn quickly.
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys=dict(domain=dict(lr_mult=10.0))),
)
custom_hooks = [dict(type='mmvmtl.DomainAdversarialHook', window=20)]
