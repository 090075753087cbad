"""Day to fog, batches of both domains without an adversary; fog is unlabelled.

What the adversaries are to be compared with: their batches mix the statistics
of the norm layers, too.
Three seeds, 10 unseen videos: 73.7 mAP50 / 58.8 HOTA.

python tools/train.py configs/domain/day_to_fog_mixed.py
"""

_base_ = './day_to_fog_image.py'

model = dict(domain=None)
custom_hooks = []
