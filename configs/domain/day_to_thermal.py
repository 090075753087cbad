"""Day to thermal, source only: the model of the day goes on with day, and is tested on thermal.

Not trained yet. ``strength`` says how strong the shift is, for all configs
of this target; all share start, budget and augmentation.

python tools/train.py configs/domain/day_to_thermal.py
"""

_base_ = '../_base_/adapt.py'

# 0 is plain light, 1 the look of the world's thermal.
strength = 0.8

train_dataloader = dict(
    dataset=dict(world=dict(style_strength=strength)),
)
val_dataloader = dict(
    dataset=dict(world=dict(style='thermal', style_strength=strength)),
)
test_dataloader = dict(
    dataset=dict(world=dict(style='thermal', style_strength=strength)),
)
