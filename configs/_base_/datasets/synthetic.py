"""Clips of the frozen synthetic world, and what measures them.

Training videos are new in every epoch, so nothing is augmented; validation and test videos have
other seeds, textures and backgrounds.
"""

_base_ = './synthetic_world.py'

train_pipeline = [
    dict(type='mmvmtl.LoadVideoFrames'),
    dict(type='mmvmtl.ClipResize', scale=(256, 192)),
    dict(type='mmvmtl.PackVideoInputs'),
]
test_pipeline = [
    dict(type='mmvmtl.LoadVideoFrames'),
    dict(type='mmvmtl.ClipResize', scale=(256, 192)),
    dict(type='mmvmtl.PackVideoInputs', original_gt=True),
]

train_dataloader = dict(
    batch_size=4,
    num_workers=1,
    persistent_workers=True,
    collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmvmtl.SyntheticVideoDataset',
        world=_base_.world,
        split='train',
        num_videos=400,
        clip=dict(length=2, stride=(4, 24), pair=True),
        pipeline=train_pipeline,
    ),
)
auto_scale_lr = dict(enable=False, base_batch_size=4)
val_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='mmvmtl.VideoSampler'),
    dataset=dict(
        type='mmvmtl.SyntheticVideoDataset',
        world=_base_.world,
        split='val',
        num_videos=20,
        test_mode=True,
        chunk=16,
        pipeline=test_pipeline,
    ),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='mmvmtl.VideoSampler'),
    dataset=dict(
        type='mmvmtl.SyntheticVideoDataset',
        world=_base_.world,
        split='test',
        num_videos=30,
        test_mode=True,
        chunk=16,
        pipeline=test_pipeline,
    ),
)

val_evaluator = [
    dict(type='mmvmtl.VideoDetMetric'),
    dict(type='mmvmtl.MOTMetric'),
    dict(type='mmvmtl.ReIDMetric'),
    dict(type='mmvmtl.VideoClsMetric'),
]
test_evaluator = val_evaluator

custom_hooks = [dict(type='mmvmtl.FreshEpochHook')]
