"""MAML: from 5 frames to a domain never seen: not trained yet.

The inner steps move neck and head: the backbone's hard sigmoids have no
second derivative (FOMAML moves everything). Slow; ANIL is the cheap one.

python tools/train.py configs/meta/maml_new_domain.py
"""

_base_ = './anil_new_domain.py'

parts = ['neck', 'head.heads.det']
train_cfg = dict(method='MAML', lr=0.002, parts=parts)
episodes = dict(parts=parts, choices=dict(neck_and_head=dict(parts=parts)))
adapt = dict(lr=0.002, parts=parts)
