"""A detector of the day learns thermal from its own teacher: not trained yet.

python tools/train.py configs/teacher/day_to_thermal_rtmdet_tiny.py
"""

_base_ = './day_to_night_rtmdet_tiny.py'

target = {**_base_.target, 'world': {**_base_.world, 'style': 'thermal'}}
train_dataloader = dict(
    dataset=dict(datasets=[_base_.source, target]),
)
val_dataloader = dict(dataset=dict(world=dict(style='thermal')))
test_dataloader = dict(dataset=dict(world=dict(style='thermal')))
