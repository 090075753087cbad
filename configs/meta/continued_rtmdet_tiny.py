"""Ordinary training that goes on for as long as meta-learning.

As many iterations with as many frames and the same optimizer: what
meta-learning is compared with, so that more training is not its merit.
One seed, 5 frames of night or thermal: 62.3 mAP50.

python tools/train.py configs/meta/continued_rtmdet_tiny.py
"""

_base_ = './pretrain_rtmdet_tiny.py'

load_from = (
    '{{$MMVMTL_META_PRETRAINED:work_dirs/pretrain_rtmdet_tiny/epoch_16.pth}}'
)

iterations = 200
# Two episodes of 5 + 5 frames; scenes that pretraining has not seen, either.
train_dataloader = dict(batch_size=20, dataset=dict(seed=10))
train_cfg = dict(
    _delete_=True, type='IterBasedTrainLoop', max_iters=iterations
)
val_dataloader = None
val_evaluator = None
val_cfg = None
optim_wrapper = dict(
    _delete_=True,
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=5e-4, weight_decay=0.0),
    clip_grad=dict(max_norm=35),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=20),
    dict(
        type='CosineAnnealingLR',
        eta_min_ratio=0.02,
        by_epoch=False,
        begin=0,
        end=iterations,
        T_max=iterations,
    ),
]
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=100))
log_processor = dict(by_epoch=False)
auto_scale_lr = dict(base_batch_size=20)
