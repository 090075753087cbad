"""Day to fog, oracle: labelled fog; what can be reached at most.

Three seeds, 10 unseen videos: 88.6 mAP50 / 72.6 HOTA.

python tools/train.py configs/domain/day_to_fog_oracle.py
"""

# With the statistics of its clean frames, as the methods have them.
_base_ = './day_to_fog_adabn.py'

train_dataloader = dict(dataset={**_base_.target, 'unlabelled': ()})
