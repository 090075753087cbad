"""Learn to turn day into thermal from unpaired frames: not trained yet.

python tools/train.py configs/translation/day_to_thermal.py
"""

_base_ = './day_to_night.py'

work_dir = 'work_dirs/translate_day_to_thermal'
train_dataloader = dict(
    dataset=dict(target=dict(world=dict(style='thermal', style_strength=0.8))),
)
