"""Day to thermal, oracle: thermal with labels, the reference of gap_closed.

Three seeds, 10 unseen videos: 82.5 mAP50 / 67.0 HOTA.

python tools/train.py configs/domain/day_to_thermal_oracle.py
"""

# With the statistics of its clean frames, as the methods have them.
_base_ = './day_to_thermal_adabn.py'

train_dataloader = dict(dataset={**_base_.target, 'unlabelled': ()})
