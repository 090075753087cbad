"""Four labelled domains, tested on a fifth: features aligned by MMD.

Not trained yet.

python tools/train.py configs/domain/generalise_mmd.py
"""

_base_ = './generalise_erm.py'

model = dict(
    domain=dict(
        type='mmvmtl.DomainAlignment',
        domains=('day', 'night', 'fog', 'rain'),
        distance=dict(type='mmvmtl.MMD'),
        level=-1,
    ),
)
