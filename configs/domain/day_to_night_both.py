"""Day to night with adversaries at image level and at boxes, which agree; night is unlabelled.

Not trained yet.

python tools/train.py configs/domain/day_to_night_both.py
"""

_base_ = './day_to_night.py'

model = dict(
    domain=dict(
        type='mmvmtl.DomainAdversary',
        domains=('day', 'night'),
        image=dict(in_channels=96, level=0),
        instance=dict(in_channels=96),
        consistency=0.1,
    ),
)
# As many labelled clips an iteration as source only, and as many of night.
train_dataloader = dict(
    batch_size=4,
    dataset=dict(
        num_videos=240,
        world=dict(style=('day', 'night')),
        unlabelled=('night',),
    ),
)
custom_hooks = [
    dict(type='mmvmtl.FreshEpochHook'),
    dict(type='mmvmtl.DomainAdversarialHook'),
]
