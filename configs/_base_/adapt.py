"""30 iterations from the trained model, in other colours, blurred and noisy.

What adaptation and generalisation have in common: the start, the budget and
the augmentation. MMVMTL_PRETRAINED is another checkpoint of
configs/synthetic/video_mtl_rtmdet_tiny.py.
"""

_base_ = '../synthetic/video_mtl_rtmdet_tiny.py'

load_from = '{{$MMVMTL_PRETRAINED:work_dirs/demo/train/epoch_16.pth}}'

iterations = 30

load, resize, pack = _base_.train_pipeline
augment = dict(
    type='mmvmtl.ClipPhotometric',
    transforms=[
        dict(type='mmdet.PhotoMetricDistortion'),
        dict(type='mmvmtl.BlurAndNoise'),
    ],
    prob=0.5,
)
train_pipeline = [load, resize, augment, pack]
train_dataloader = dict(
    batch_size=2,
    dataset=dict(num_videos=120, pipeline=train_pipeline),
)
# The test comes after so little; no validation before it.
val_dataloader = None
val_evaluator = None
val_cfg = None
# Scenes by which nothing was chosen.
test_dataloader = dict(dataset=dict(num_videos=10, seed=7))

train_cfg = dict(
    _delete_=True, type='IterBasedTrainLoop', max_iters=iterations
)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=10),
    dict(
        type='CosineAnnealingLR',
        eta_min_ratio=0.02,
        by_epoch=False,
        begin=0,
        end=iterations,
        T_max=iterations,
    ),
]
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=iterations))
log_processor = dict(by_epoch=False)
# Nothing comes twice, so no epoch needs new videos.
custom_hooks = []
