"""MAML: from 5 frames to a domain never seen: not trained yet.

Through the inner steps of the whole network: slow; ANIL is the cheap one.

python tools/train.py configs/meta/maml_new_domain.py --cfg-options load_from=PRETRAINED.pth
"""

_base_ = './anil_new_domain.py'

train_cfg = dict(method='MAML', lr=0.002, parts=None)
episodes = dict(parts=None)
adapt = dict(lr=0.002, parts=None)
