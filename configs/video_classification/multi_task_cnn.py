"""MultiTaskCNN: actions in real video, and the light of synthetic frames.

Two classification tasks on one small CNN from scratch, each labelled by
another data set: fir_action (MMVMTL_FIR_ACTION names its folder) says what a
person does in a clip, the world whether a frame is of day, night, fog or
thermal. 600 iterations, one seed: 58.6 clip top-1 on 29 stretches of three
unseen videos (the largest class has 31), 100.0 frame top-1 (chance 25). Two
of the five actions, sit and lie, are never told.

python tools/train.py configs/video_classification/multi_task_cnn.py
"""

_base_ = [
    '../_base_/datasets/three_datasets.py',
    '../_base_/default_runtime.py',
]

size = (64, 64)
resize = dict(type='mmvmtl.ClipResize', scale=size)
test_pack = dict(type='mmvmtl.PackVideoInputs', original_gt=True)
test_pipeline = [_base_.load, resize, test_pack]
# Its clip labels stay unused: motion of several objects is too fine for 64
# pixels.
world = dict(
    type='mmvmtl.SyntheticVideoDataset',
    world=dict(
        size=(128, 128),
        length=(40, 40),
        style=('day', 'night', 'fog', 'thermal'),
        illumination_drift=0.0,
        noise=0.1,
        crowding=0.2,
        camera_knocks=0.0,
    ),
    metainfo=dict(tasks={}),
    label_style=True,
)

model = dict(
    type='mmvmtl.VideoMTLDetector',
    data_preprocessor=dict(
        type='mmvmtl.VideoDataPreprocessor',
        input_size=(64, 64),
        mean=[103.53, 116.28, 123.675],
        std=[57.375, 57.12, 58.395],
    ),
    backbone=dict(type='mmvmtl.MultiTaskCNN', norm_cfg=dict(type='BN')),
    neck=dict(type='mmvmtl.SharedLayer', dropout=0.3),
    head=dict(
        type='mmvmtl.MultiTaskHead',
        heads=dict(
            cls=dict(
                type='mmvmtl.TemporalConvHead',
                num_classes=5,
                in_channels=128,
                window=8,
                stride=4,
                hop=2,
            ),
            frame=dict(
                type='mmvmtl.FrameHead',
                num_classes=4,
                in_channels=128,
                feat_channels=64,
            ),
        ),
    ),
    loss=dict(type='mmvmtl.WeightedMTLLoss', weights=dict(cls=1.0, frame=0.3)),
)

train_dataloader = dict(
    batch_size=12,
    batch_sampler=dict(
        ratio=dict(zebrafish=None, coco128=None, world=1, fir_action=2),
        batches=50,
    ),
    dataset=dict(
        datasets=dict(
            zebrafish=None,
            coco128=None,
            world={
                **world,
                'split': 'train',
                'num_videos': 400,
                'clip': dict(length=8, stride=4),
                'pipeline': [_base_.load, resize, _base_.pack],
            },
            fir_action=dict(
                pipeline=[
                    _base_.load,
                    dict(
                        type='mmvmtl.ClipRandomAffine',
                        size=size,
                        scale=(0.8, 1.25),
                        translate=0.1,
                    ),
                    dict(type='mmvmtl.ClipRandomFlip'),
                    _base_.colours,
                    _base_.pack,
                ],
            ),
        ),
    ),
)
val_dataloader = dict(
    dataset=dict(
        datasets=dict(
            zebrafish=None,
            coco128=None,
            world={
                **world,
                'split': 'val',
                'num_videos': 60,
                'test_mode': True,
                'chunk': 20,
                'pipeline': test_pipeline,
            },
            fir_action=dict(pipeline=test_pipeline),
        ),
    ),
)
test_dataloader = val_dataloader
val_evaluator = [dict(type='mmvmtl.VideoClsMetric')]
test_evaluator = val_evaluator

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12, val_interval=12)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=2e-3, weight_decay=0.05),
    clip_grad=dict(max_norm=35),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=20),
    dict(
        type='CosineAnnealingLR',
        eta_min_ratio=0.02,
        by_epoch=True,
        convert_to_iter_based=True,
        begin=0,
        end=12,
        T_max=12,
    ),
]
auto_scale_lr = dict(base_batch_size=12)
custom_hooks = [dict(type='mmvmtl.FreshEpochHook')]
