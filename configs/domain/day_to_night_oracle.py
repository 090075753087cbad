"""Day to night, oracle: labelled night; what can be reached at most.

Not trained yet.

python tools/train.py configs/domain/day_to_night_oracle.py
"""

_base_ = './day_to_night.py'

train_dataloader = dict(dataset={**_base_.target, 'unlabelled': ()})
