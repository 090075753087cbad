"""Learn to turn day into fog from unpaired frames.

600 iterations at strength 0.85, one seed, 24 unseen frames
(tools/analysis/plot_translations.py):
11.0 grey levels from the same frames in fog; by day 41.3, ColourTransfer
18.1, FourierDomainTransfer 21.7.

python tools/train.py configs/translation/day_to_fog.py
"""

_base_ = './day_to_night.py'

work_dir = 'work_dirs/translate_day_to_fog'
train_dataloader = dict(
    dataset=dict(target=dict(world=dict(style='fog', style_strength=0.95))),
)
