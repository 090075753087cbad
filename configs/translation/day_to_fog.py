"""Learn to turn day into fog from unpaired frames: not trained yet.

python tools/train.py configs/translation/day_to_fog.py
"""

_base_ = './day_to_night.py'

work_dir = 'work_dirs/translate_day_to_fog'
train_dataloader = dict(
    dataset=dict(target=dict(world=dict(style='fog', style_strength=0.85))),
)
