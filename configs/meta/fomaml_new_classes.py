"""FOMAML: from 5 frames to two new classes of objects: not trained yet.

Inner steps move everything, at the rate that suits the pretrained model.

python tools/train.py configs/meta/fomaml_new_classes.py
python tools/eval_episodes.py configs/meta/fomaml_new_classes.py --checkpoints meta=META.pth pretrained=PRETRAINED.pth
"""

_base_ = './anil_new_classes.py'

train_cfg = dict(method='FOMAML', lr=0.06, parts=None)
