"""Ordinary training on four domains, where meta-learning begins.

Boxes alone; night and thermal are held out. Also what meta-learning is
compared with.
One seed, 5 frames of night or thermal: 60.6 mAP50.

python tools/train.py configs/meta/pretrain_rtmdet_tiny.py
"""

_base_ = [
    '../_base_/models/video_mtl_rtmdet_tiny.py',
    '../_base_/datasets/synthetic.py',
    '../_base_/optimizers/muon.py',
    '../_base_/schedules/full.py',
    '../_base_/default_runtime.py',
]

model = dict(
    head=dict(heads=dict(cls=None, track=None)),
    loss=dict(weights=dict(cls=None, track=None)),
    tracker=None,
)
styles = ('day', 'fog', 'rain', 'noise')
train_dataloader = dict(
    batch_size=12,
    dataset=dict(world=dict(style=styles), clip=dict(length=1, pair=False)),
)
val_dataloader = dict(dataset=dict(world=dict(style=styles)))
test_dataloader = dict(dataset=dict(world=dict(style=styles)))
val_evaluator = [dict(type='mmvmtl.VideoDetMetric')]
test_evaluator = val_evaluator
