"""Day to thermal, batches of both domains without an adversary; thermal is unlabelled.

What the adversaries are to be compared with: their batches mix the statistics
of the norm layers, too. Not trained yet.

python tools/train.py configs/domain/day_to_thermal_mixed.py
"""

_base_ = './day_to_thermal_image.py'

model = dict(domain=None)
custom_hooks = []
