"""Day to fog, source only: the model of the day goes on with day, and is tested on fog.

Not trained yet. ``strength`` says how strong the shift is, for all configs
of this target; all share start, budget and augmentation.

python tools/train.py configs/domain/day_to_fog.py
"""

_base_ = '../_base_/adapt.py'

# 0 is plain light, 1 the look of the world's fog.
strength = 0.85

train_dataloader = dict(
    dataset=dict(world=dict(style_strength=strength)),
)
val_dataloader = dict(
    dataset=dict(world=dict(style='fog', style_strength=strength)),
)
test_dataloader = dict(
    dataset=dict(world=dict(style='fog', style_strength=strength)),
)
