"""Day to fog, oracle: labelled fog; what can be reached at most.

Not trained yet.

python tools/train.py configs/domain/day_to_fog_oracle.py
"""

_base_ = './day_to_fog.py'

train_dataloader = dict(dataset={**_base_.target, 'unlabelled': ()})
