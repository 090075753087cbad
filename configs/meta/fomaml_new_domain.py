"""FOMAML: from 5 frames to a domain never seen.

No second derivatives: any head and any part of the network will do.
40 episodes, one training: 63.0 mAP50, 2.4 points (-0.6 to 5.4) more than the
pretrained model, 0.7 (-2.3 to 3.6) more than if that goes on.

python tools/train.py configs/meta/fomaml_new_domain.py
"""

_base_ = './anil_new_domain.py'

train_cfg = dict(method='FOMAML', lr=0.02, parts=None)
episodes = dict(parts=None)
adapt = dict(lr=0.02, parts=None)
