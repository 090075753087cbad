"""Learn to turn day into thermal from unpaired frames.

One seed, 24 unseen frames (tools/analysis/plot_translations.py):
16.0 grey levels from the same frames in thermal; by day 30.2, ColourTransfer
21.8, FourierDomainTransfer 25.2.

python tools/train.py configs/translation/day_to_thermal.py
"""

_base_ = './day_to_night.py'

work_dir = 'work_dirs/translate_day_to_thermal'
train_dataloader = dict(
    dataset=dict(target=dict(world=dict(style='thermal', style_strength=0.8))),
)
