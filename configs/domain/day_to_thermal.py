"""Day to thermal, source only: the model of the day goes on with day, and is tested on thermal.

Three seeds, 10 unseen videos: 57.3 mAP50 / 43.9 HOTA.
``strength`` says how strong the shift is, for all configs of this target;
all share start, budget and augmentation.

python tools/train.py configs/domain/day_to_thermal.py
"""

_base_ = '../_base_/adapt.py'

# 0 is plain light, 1 the look of the world's thermal.
strength = 0.8

source = {
    **_base_.train_dataloader.dataset,
    'world': {**_base_.world, 'style_strength': strength},
}
# Unlabelled video of thermal: neither scenes of the source nor of the test.
target = {
    **source,
    'world': {**source['world'], 'style': 'thermal'},
    'unlabelled': ('thermal',),
    'seed': 100,
}
# Single frames of it, whose look is taken.
look = dict(
    type='mmvmtl.SyntheticVideoDataset',
    world=target['world'],
    split='train',
    seed=target['seed'],
    num_videos=120,
    clip=dict(length=1),
)
train_dataloader = dict(dataset=source)
test_dataloader = dict(dataset=dict(world=target['world']))
