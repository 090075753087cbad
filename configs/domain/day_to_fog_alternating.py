"""Day to fog, discriminator and network in turn, without reversal.

One seed, 10 unseen videos: 80.0 mAP50 / 63.8 HOTA.

python tools/train.py configs/domain/day_to_fog_alternating.py
"""

_base_ = './day_to_fog_image.py'

model = dict(domain=dict(form='alternating'))
# Every other step is the discriminator's.
optim_wrapper = dict(type='mmvmtl.AlternatingOptimWrapper')
