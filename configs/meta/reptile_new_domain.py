"""Reptile: from 5 frames to a domain never seen: not trained yet.

No second derivatives: any head and any part of the network will do.

python tools/train.py configs/meta/reptile_new_domain.py
"""

_base_ = './anil_new_domain.py'

train_cfg = dict(method='Reptile', lr=0.002, parts=None)
episodes = dict(parts=None)
adapt = dict(lr=0.002, parts=None)
