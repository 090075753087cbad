"""Day to fog, oracle: labelled fog; what can be reached at most.

One seed, 10 unseen videos, commit 4fc765f: 87.1 mAP50 / 71.1 HOTA.

python tools/train.py configs/domain/day_to_fog_oracle.py
"""

# With the statistics of its clean frames, as the methods have them.
_base_ = './day_to_fog_adabn.py'

train_dataloader = dict(dataset={**_base_.target, 'unlabelled': ()})
