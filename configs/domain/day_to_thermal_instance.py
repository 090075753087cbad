"""Day to thermal with an adversary at boxes; thermal is unlabelled.

Not trained yet.

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
    dataset=dict(
        num_videos=240,
        world=dict(style=('day', 'thermal')),
        unlabelled=('thermal',),
    ),
)
custom_hooks = [
    dict(type='mmvmtl.FreshEpochHook'),
    dict(type='mmvmtl.DomainAdversarialHook'),
]
