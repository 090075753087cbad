"""Four labelled domains, tested on a fifth: an adversary of all domains.

Not trained yet.

python tools/train.py configs/domain/generalise_adversarial.py
"""

_base_ = './generalise_erm.py'

model = dict(
    domain=dict(
        type='mmvmtl.DomainAdversary',
        domains=('day', 'night', 'fog', 'rain'),
        image=dict(in_channels=96, level=0, weight=0.1),
    ),
)
custom_hooks = [
    dict(type='mmvmtl.FreshEpochHook'),
    dict(type='mmvmtl.DomainAdversarialHook'),
]
