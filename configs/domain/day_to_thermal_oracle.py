"""Day to thermal, oracle: labelled thermal; what can be reached at most.

Not trained yet.

python tools/train.py configs/domain/day_to_thermal_oracle.py
"""

_base_ = './day_to_thermal.py'

train_dataloader = dict(dataset={**_base_.target, 'unlabelled': ()})
