"""Day to thermal: teacher and student, both adversaries, and translated day clips; thermal is unlabelled.

Three seeds, 10 unseen videos: 77.7 mAP50 / 59.8 HOTA.
First train the translator; MMVMTL_TRANSLATOR is another checkpoint of one:

    python tools/train.py configs/translation/day_to_thermal.py
    python tools/train.py configs/domain/day_to_thermal_combined.py
"""

_base_ = './day_to_thermal_teacher.py'

model = dict(
    detector=dict(
        domain=dict(
            type='mmvmtl.DomainAdversary',
            domains=('day', 'thermal'),
            image=[dict(in_channels=96, level=level) for level in range(3)],
            instance=dict(in_channels=96),
            consistency=0.1,
        ),
    ),
)
labelled = {**_base_.labelled}
load, resize, *rest = labelled['pipeline']
labelled['pipeline'] = [
    load,
    resize,
    dict(
        type='mmvmtl.TranslateDomain',
        checkpoint='{{$MMVMTL_TRANSLATOR:work_dirs/translate_day_to_thermal/iter_500.pth}}',
        prob=0.5,
    ),
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
