"""Eight frames of the synthetic world, to train and to measure on alike.

The first four frames of two videos of 40: the chunks 0 and 10 of the two.
"""

world = dict(size=(256, 192), length=(40, 40), style='day', noise=0.2)

train_dataloader = dict(
    batch_size=2,
    num_workers=0,
    collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='InfiniteSampler', shuffle=False),
    dataset=dict(
        type='mmvmtl.SyntheticVideoDataset',
        world=world,
        split='train',
        num_videos=2,
        test_mode=True,
        chunk=4,
        indices=[0, 10],
        pipeline=[
            dict(type='mmvmtl.LoadVideoFrames'),
            dict(type='mmvmtl.ClipResize', scale=(256, 192)),
            dict(type='mmvmtl.PackVideoInputs'),
        ],
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='mmvmtl.VideoSampler'),
    dataset=dict(
        type='mmvmtl.SyntheticVideoDataset',
        world=world,
        split='train',
        num_videos=2,
        test_mode=True,
        chunk=4,
        indices=[0, 10],
        pipeline=[
            dict(type='mmvmtl.LoadVideoFrames'),
            dict(type='mmvmtl.ClipResize', scale=(256, 192)),
            dict(type='mmvmtl.PackVideoInputs', original_gt=True),
        ],
    ),
)
val_evaluator = dict(type='mmvmtl.VideoDetMetric')
