"""Day to thermal, source only, but half the clips take the colours of thermal; thermal is unlabelled.

2 CPU cores, one seed, 10 unseen videos: 52.1 mAP50 / 40.1 HOTA.

python tools/train.py configs/domain/day_to_thermal_colour.py
"""

_base_ = './day_to_thermal.py'

# Frames of thermal whose look is taken; neither their videos nor their labels
# are those of the test.
look = dict(
    type='mmvmtl.SyntheticVideoDataset',
    world=_base_.target.world,
    split='train',
    seed=100,
    num_videos=120,
    clip=dict(length=1),
)
load, resize, augment, pack = _base_.train_pipeline
train_pipeline = [
    load,
    resize,
    dict(type='mmvmtl.ColourTransfer', target=look, prob=0.5),
    augment,
    pack,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
