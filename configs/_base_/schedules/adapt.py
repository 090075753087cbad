"""150 iterations from a trained model: a short warm-up, then a cosine."""

_base_ = '../default_runtime.py'

train_cfg = dict(type='IterBasedTrainLoop', max_iters=150, val_interval=150)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=20),
    dict(
        type='CosineAnnealingLR',
        eta_min_ratio=0.02,
        by_epoch=False,
        begin=0,
        end=150,
        T_max=150,
    ),
]
default_hooks = dict(
    checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=150),
)
log_processor = dict(type='LogProcessor', window_size=20, by_epoch=False)
