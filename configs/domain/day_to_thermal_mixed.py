"""Day to thermal, batches of both domains without an adversary; thermal is unlabelled.

What the adversaries are to be compared with: their batches mix the statistics
of the norm layers, too.
Three seeds, 10 unseen videos: 64.4 mAP50 / 48.5 HOTA.

python tools/train.py configs/domain/day_to_thermal_mixed.py
"""

_base_ = './day_to_thermal_image.py'

model = dict(domain=None)
custom_hooks = []
