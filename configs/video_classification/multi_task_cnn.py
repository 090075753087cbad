"""MultiTaskCNN: motion of the clip and look of the frame from one network.

300 iterations of 8 clips, one seed, 60 unseen videos: 100.0 frame top-1
(chance 25), 23.3 clip top-1 (chance 20): so little training from pixels does
not teach how objects move together; boxes and velocities do, see
configs/synthetic/video_mtl_rtmdet_tiny.py.

python tools/train.py configs/video_classification/multi_task_cnn.py
"""

_base_ = ['../_base_/default_runtime.py']

world = dict(
    size=(128, 128),
    length=(40, 40),
    style=('day', 'night', 'fog', 'thermal'),
    illumination_drift=0.0,
    noise=0.1,
    crowding=0.2,
    camera_knocks=0.0,
)
train_pipeline = [
    dict(type='mmvmtl.LoadVideoFrames'),
    dict(type='mmvmtl.ClipResize', scale=(64, 64)),
    dict(type='mmvmtl.PackVideoInputs'),
]
test_pipeline = [
    dict(type='mmvmtl.LoadVideoFrames'),
    dict(type='mmvmtl.ClipResize', scale=(64, 64)),
    dict(type='mmvmtl.PackVideoInputs', original_gt=True),
]

model = dict(
    type='mmvmtl.VideoMTLDetector',
    data_preprocessor=dict(
        type='mmvmtl.VideoDataPreprocessor',
        input_size=(64, 64),
        mean=[103.53, 116.28, 123.675],
        std=[57.375, 57.12, 58.395],
    ),
    backbone=dict(type='mmvmtl.MultiTaskCNN', norm_cfg=dict(type='BN')),
    neck=dict(type='mmvmtl.SharedLayer'),
    head=dict(
        type='mmvmtl.MultiTaskHead',
        heads=dict(
            cls=dict(
                type='mmvmtl.TemporalConvHead',
                num_classes=5,
                in_channels=128,
                window=8,
                stride=4,
                hop=1,
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
    batch_size=8,
    num_workers=1,
    persistent_workers=True,
    collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmvmtl.SyntheticVideoDataset',
        world=world,
        split='train',
        num_videos=400,
        label_style=True,
        clip=dict(length=8, stride=4),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='mmvmtl.VideoSampler'),
    dataset=dict(
        type='mmvmtl.SyntheticVideoDataset',
        world=world,
        split='val',
        num_videos=60,
        label_style=True,
        test_mode=True,
        chunk=20,
        pipeline=test_pipeline,
    ),
)
val_evaluator = [dict(type='mmvmtl.VideoClsMetric')]
test_dataloader = val_dataloader
test_evaluator = val_evaluator

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=6, val_interval=6)
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
        end=6,
        T_max=6,
    ),
]
auto_scale_lr = dict(enable=False, base_batch_size=8)
custom_hooks = [dict(type='mmvmtl.FreshEpochHook')]
