"""A detector of the day learns the night from its own teacher: not trained yet.

Labelled clips of the day and unlabelled ones of the night, two and two a
batch. The first 800 iterations only learn the day; from a checkpoint that
already does (load_from) set custom_hooks.1.burn_in=0.

python tools/train.py configs/teacher/day_to_night_rtmdet_tiny.py
"""

_base_ = [
    '../_base_/models/video_mtl_rtmdet_tiny.py',
    '../_base_/datasets/synthetic.py',
    '../_base_/optimizers/muon.py',
    '../_base_/default_runtime.py',
]

detector = _base_.model
model = dict(
    _delete_=True,
    type='mmvmtl.MeanTeacher',
    detector=detector,
    pseudo=dict(box_thr=0.4, clip_thr=0.8),
    target_weight=1.0,
)

branches = ['source', 'weak', 'strong']
load = [
    dict(type='mmvmtl.LoadVideoFrames'),
    dict(type='mmvmtl.ClipResize', scale=(256, 192)),
    dict(type='mmvmtl.ClipRandomFlip'),
]
# Colours only: boxes stay where the teacher saw them.
strong = [
    dict(
        type='mmvmtl.ClipPhotometric',
        transforms=[
            dict(type='mmdet.PhotoMetricDistortion'),
            dict(type='mmvmtl.BlurAndNoise'),
            dict(
                type='mmdet.CutOut',
                n_holes=(1, 4),
                cutout_shape=[(16, 16), (32, 16), (16, 32)],
                fill_in=(114, 114, 114),
            ),
        ],
    ),
    dict(type='mmvmtl.PackVideoInputs'),
]
source = dict(
    type='mmvmtl.SyntheticVideoDataset',
    world={**_base_.world, 'style': 'day'},
    split='train',
    num_videos=400,
    clip=dict(length=2, stride=(4, 24), pair=True),
    pipeline=[
        *load,
        dict(type='mmdet.MultiBranch', branch_field=branches, source=strong),
    ],
)
# Close together, so that tracks within the clip can be trusted.
target = dict(
    type='mmvmtl.SyntheticVideoDataset',
    world={**_base_.world, 'style': 'night'},
    split='train',
    seed=100,
    num_videos=400,
    clip=dict(length=3, stride=(1, 3)),
    pipeline=[
        *load,
        dict(
            type='mmdet.MultiBranch',
            branch_field=branches,
            weak=[dict(type='mmvmtl.PackVideoInputs')],
            strong=strong,
        ),
    ],
)
train_dataloader = dict(
    sampler=dict(
        _delete_=True,
        type='mmdet.MultiSourceSampler',
        batch_size=4,
        source_ratio=[1, 1],
    ),
    dataset=dict(
        _delete_=True, type='ConcatDataset', datasets=[source, target]
    ),
)
val_dataloader = dict(dataset=dict(world=dict(style='night')))
test_dataloader = dict(dataset=dict(world=dict(style='night')))

train_cfg = dict(type='IterBasedTrainLoop', max_iters=1600, val_interval=1600)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=50),
    dict(
        type='CosineAnnealingLR',
        eta_min_ratio=0.02,
        by_epoch=False,
        begin=800,
        end=1600,
        T_max=800,
    ),
]
custom_hooks = [
    dict(type='mmvmtl.FreshEpochHook'),
    dict(type='mmvmtl.TeacherHook', momentum=0.005, burn_in=800),
]
default_hooks = dict(
    checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=400),
)
log_processor = dict(type='LogProcessor', window_size=20, by_epoch=False)
