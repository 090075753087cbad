"""Day to thermal: teacher and student, adversary, and day clips translated to thermal; thermal is unlabelled.

Not trained yet. First train the translator, see day_to_thermal_translated.py.

python tools/train.py configs/domain/day_to_thermal_combined.py
"""

_base_ = './day_to_thermal_teacher.py'

model = dict(
    detector=dict(
        domain=dict(
            type='mmvmtl.DomainAdversary',
            domains=('day', 'thermal'),
            image=dict(in_channels=96, level=0),
        ),
    ),
)
source = {**_base_.source}
load, resize, *rest = source['pipeline']
source['pipeline'] = [
    load,
    resize,
    dict(
        type='mmvmtl.TranslateDomain',
        checkpoint='{{$MMVMTL_TRANSLATOR:work_dirs/translate_day_to_thermal/iter_1000.pth}}',
        prob=0.5,
    ),
    *rest,
]
train_dataloader = dict(
    dataset=dict(datasets=[source, _base_.target]),
)
custom_hooks = [
    *_base_.custom_hooks,
    dict(type='mmvmtl.DomainAdversarialHook'),
]
