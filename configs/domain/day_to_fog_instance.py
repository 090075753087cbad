"""Day to fog with an adversary at boxes; fog is unlabelled.

Not trained yet.

python tools/train.py configs/domain/day_to_fog_instance.py
"""

_base_ = './day_to_fog.py'

model = dict(
    domain=dict(
        type='mmvmtl.DomainAdversary',
        domains=('day', 'fog'),
        instance=dict(in_channels=96),
    ),
)
# As many labelled clips an iteration as source only, and as many of fog.
train_dataloader = dict(
    batch_size=4,
    dataset=dict(
        num_videos=240,
        world=dict(style=('day', 'fog')),
        unlabelled=('fog',),
    ),
)
custom_hooks = [
    dict(type='mmvmtl.FreshEpochHook'),
    dict(type='mmvmtl.DomainAdversarialHook'),
]
