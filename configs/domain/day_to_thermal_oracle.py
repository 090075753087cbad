"""Day to thermal, oracle: trained on labelled thermal; what can be reached at most.

Not trained yet.

python tools/train.py configs/domain/day_to_thermal_oracle.py
"""

_base_ = './day_to_thermal.py'

train_dataloader = dict(dataset=dict(world=dict(style='thermal')))
