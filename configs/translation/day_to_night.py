"""Learn to turn day into night from unpaired frames.

One seed, 24 unseen frames (tools/analysis/plot_translations.py):
19.2 grey levels from the same frames at night; by day 64.9, ColourTransfer
18.7, FourierDomainTransfer 20.8.

Crops of 128x96 from frames of 256x192 in their own scale, as the generator
is applied to whole ones; batches of 2 + 2. The last checkpoint goes into
mmvmtl.TranslateDomain.

python tools/train.py configs/translation/day_to_night.py
"""

_base_ = [
    '../_base_/datasets/synthetic_world.py',
    '../_base_/default_runtime.py',
]

# By itself it would be that of configs/domain/day_to_night.py.
work_dir = 'work_dirs/translate_day_to_night'
# With the paper's 10 and 5 it hardly leaves the identity in so few iterations.
model = dict(
    type='mmvmtl.UnpairedTranslator', cycle_weight=2.0, identity_weight=0.5
)

pipeline = [
    dict(type='mmvmtl.LoadVideoFrames'),
    # Twice the fit of the whole frame is its own scale; half the crop's size
    # is as far as the centre may move without a border.
    dict(
        type='mmvmtl.ClipRandomAffine',
        size=(128, 96),
        scale=(2.0, 2.0),
        translate=0.5,
    ),
    dict(type='mmvmtl.PackVideoInputs'),
]
# The world of the other seed: no frame of one domain shows what one of the
# other does.
source = dict(
    type='mmvmtl.SyntheticVideoDataset',
    world={**_base_.world, 'style': 'day'},
    split='train',
    num_videos=400,
    clip=dict(length=1),
    pipeline=pipeline,
)
target = dict(
    type='mmvmtl.SyntheticVideoDataset',
    world={**_base_.world, 'style': 'night'},
    split='train',
    seed=100,
    num_videos=400,
    clip=dict(length=1),
    pipeline=pipeline,
)
train_dataloader = dict(
    batch_size=2,
    num_workers=1,
    persistent_workers=True,
    collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(type='mmvmtl.UnpairedDomains', source=source, target=target),
)
train_cfg = dict(type='IterBasedTrainLoop', max_iters=500)

adam = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=5e-4, betas=(0.5, 0.999)),
)
optim_wrapper = dict(
    constructor='mmvmtl.OptimWrapperPerModule',
    generators=adam,
    discriminators=adam,
)
model_wrapper_cfg = dict(type='mmvmtl.SeparateDistributedDataParallel')
default_hooks = dict(
    checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=500),
)
custom_hooks = [dict(type='mmvmtl.FreshEpochHook')]
log_processor = dict(type='LogProcessor', window_size=20, by_epoch=False)
