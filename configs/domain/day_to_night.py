"""Day to night, source only: the model of the day goes on with day, and is tested at night.

Three seeds, 10 unseen videos: 45.9 mAP50 / 40.4 HOTA.
``strength`` says how strong the shift is, for all configs of this target;
all share start, budget and augmentation.

python tools/train.py configs/domain/day_to_night.py
"""

_base_ = '../_base_/adapt.py'

# 0 is plain light, 1 the look of the world's night.
strength = 1.0

source = {
    **_base_.train_dataloader.dataset,
    'world': {**_base_.world, 'style_strength': strength},
}
# Unlabelled video of night: neither scenes of the source nor of the test.
target = {
    **source,
    'world': {**source['world'], 'style': 'night'},
    'unlabelled': ('night',),
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
