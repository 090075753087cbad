"""Learn to turn day into fog from unpaired frames.

One seed, 24 unseen frames (tools/analysis/plot_translations.py):
15.1 grey levels from the same frames in fog; by day 46.1, ColourTransfer
16.7, FourierDomainTransfer 20.8.

python tools/train.py configs/translation/day_to_fog.py
"""

_base_ = './day_to_night.py'

work_dir = 'work_dirs/translate_day_to_fog'
train_dataloader = dict(
    dataset=dict(target=dict(world=dict(style='fog', style_strength=0.95))),
)
