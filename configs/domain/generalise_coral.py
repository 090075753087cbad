"""Four labelled domains, tested on a fifth: features aligned by CORAL.

Not trained yet.

python tools/train.py configs/domain/generalise_coral.py
"""

_base_ = './generalise_erm.py'

model = dict(
    domain=dict(
        type='mmvmtl.DomainAlignment',
        domains=('day', 'night', 'fog', 'rain'),
        distance=dict(type='mmvmtl.CORAL', means=True),
        level=-1,
    ),
)
