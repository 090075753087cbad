"""Four zebrafish from above: frames 1-200 to train, 201-280 to validate.

The folder of the environment variable MMVMTL_ZEBRAFISH, else the default
below, holds ``img1/000001.jpg, ...`` and ``gt/gt.txt``. No conversion step.
"""

data_root = '{{$MMVMTL_ZEBRAFISH:../shared/data/zebrafish}}'
metainfo = dict(classes=('fish',))

train_pipeline = [
    dict(type='mmvmtl.LoadVideoFrames'),
    dict(
        type='mmvmtl.ClipRandomAffine',
        size=(384, 352),
        scale=(0.8, 1.25),
        translate=0.1,
    ),
    # Seen from above, a fish has no preferred direction.
    dict(type='mmvmtl.ClipRandomFlip', directions=('horizontal', 'vertical')),
    dict(type='mmvmtl.PackVideoInputs'),
]
test_pipeline = [
    dict(type='mmvmtl.LoadVideoFrames'),
    dict(type='mmvmtl.ClipResize', scale=(384, 352)),
    dict(type='mmvmtl.PackVideoInputs', original_gt=True),
]

train_dataloader = dict(
    batch_size=3,
    num_workers=1,
    persistent_workers=True,
    collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmvmtl.MOTVideoDataset',
        data_root=data_root,
        frames=(1, 200),
        metainfo=metainfo,
        clip=dict(length=2, stride=(2, 6), pair=True),
        pipeline=train_pipeline,
    ),
)
auto_scale_lr = dict(enable=False, base_batch_size=3)
val_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='mmvmtl.VideoSampler'),
    dataset=dict(
        type='mmvmtl.MOTVideoDataset',
        data_root=data_root,
        frames=(201, 280),
        metainfo=metainfo,
        test_mode=True,
        chunk=8,
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader

val_evaluator = [
    dict(type='mmvmtl.VideoDetMetric'),
    dict(type='mmvmtl.MOTMetric'),
    dict(type='mmvmtl.ReIDMetric'),
]
test_evaluator = val_evaluator
