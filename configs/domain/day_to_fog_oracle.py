"""Day to fog, oracle: trained on labelled fog; what can be reached at most.

Not trained yet.

python tools/train.py configs/domain/day_to_fog_oracle.py
"""

_base_ = './day_to_fog.py'

train_dataloader = dict(dataset=dict(world=dict(style='fog')))
