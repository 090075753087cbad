"""Day to thermal, oracle: labelled thermal; what can be reached at most.

One seed, 10 unseen videos, commit 4fc765f: 80.5 mAP50 / 65.4 HOTA.

python tools/train.py configs/domain/day_to_thermal_oracle.py
"""

# With the statistics of its clean frames, as the methods have them.
_base_ = './day_to_thermal_adabn.py'

train_dataloader = dict(dataset={**_base_.target, 'unlabelled': ()})
