"""Meta-learning: 200 iterations of two episodes; boxes are the only task.

The inner steps of ANIL move the detection head on shared features. Frames
of the worlds come from ``frames``; adaptation is scored on ``held_out``
ones, and its rate is chosen on those of ``search``. MMVMTL_META_PRETRAINED
is another checkpoint of pretrain_rtmdet_tiny.py to begin with.
"""

_base_ = [
    '../models/video_mtl_rtmdet_tiny.py',
    '../datasets/synthetic_world.py',
    '../default_runtime.py',
]

load_from = (
    '{{$MMVMTL_META_PRETRAINED:work_dirs/pretrain_rtmdet_tiny/epoch_16.pth}}'
)
model = dict(
    head=dict(heads=dict(cls=None, track=None)),
    loss=dict(weights=dict(cls=None, track=None)),
    tracker=None,
)
# So many scenes that episodes rarely share one, and none of pretraining's.
frames = dict(
    type='mmvmtl.SyntheticVideoDataset',
    split='train',
    seed=10,
    num_videos=4000,
    clip=dict(length=1),
    pipeline=[
        dict(type='mmvmtl.LoadVideoFrames'),
        dict(type='mmvmtl.ClipResize', scale=(256, 192)),
        dict(type='mmvmtl.PackVideoInputs'),
    ],
)
search = {**frames, 'split': 'val', 'seed': 1}
held_out = {**frames, 'split': 'test', 'seed': 2}
day = {**_base_.world, 'style': 'day'}
fog = {**_base_.world, 'style': 'fog'}
rain = {**_base_.world, 'style': 'rain'}
noise = {**_base_.world, 'style': 'noise'}
night = {**_base_.world, 'style': 'night'}
thermal = {**_base_.world, 'style': 'thermal'}
parts = ['head.heads.det']
iterations = 200

train_dataloader = dict(
    batch_size=2,
    num_workers=1,
    persistent_workers=True,
    collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='InfiniteSampler'),
)
train_cfg = dict(
    type='mmvmtl.MetaTrainLoop',
    max_iters=iterations,
    method='ANIL',
    lr=0.01,
    steps=5,
    parts=parts,
    max_norm=2.0,
)
# For tools/adapt.py; its data set is the config's.
test_dataloader = dict(
    batch_size=1,
    num_workers=1,
    collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='mmvmtl.VideoSampler'),
)
test_evaluator = [dict(type='mmvmtl.VideoDetMetric')]
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(
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
default_hooks = dict(
    checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=100),
)
log_processor = dict(type='LogProcessor', window_size=20, by_epoch=False)
