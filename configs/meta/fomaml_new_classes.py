"""FOMAML: from 5 frames to two new classes of objects.

Inner steps move everything, at the rate that suits the pretrained model.
40 episodes, one training: 17.6 mAP50, 1.9 points (1.0 to 2.8) more than that
one, 2.3 (1.1 to 3.5) more than if it goes on with ordinary training.

python tools/train.py configs/meta/fomaml_new_classes.py
python tools/eval_episodes.py configs/meta/fomaml_new_classes.py --checkpoints meta=META.pth pretrained=PRETRAINED.pth \
    continued=CONTINUED.pth
"""

_base_ = './anil_new_classes.py'

train_cfg = dict(method='FOMAML', lr=0.06, parts=None)
adapt = dict(lr=0.06, parts=None)
