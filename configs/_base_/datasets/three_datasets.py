"""Three data sets that label different tasks, each batch holding all three.

zebrafish: boxes and identities; fir_action: what a person does in a stretch
of video, five classes; coco128: boxes of persons. The environment variables
MMVMTL_ZEBRAFISH, MMVMTL_FIR_ACTION and MMVMTL_COCO128 name their folders,
else the defaults below. No conversion step. Frames 201-280, three whole
videos and the last 32 labelled images validate.
"""

zebrafish_root = '{{$MMVMTL_ZEBRAFISH:../shared/data/zebrafish}}'
fir_root = '{{$MMVMTL_FIR_ACTION:../shared/data/fir_action}}'
coco128_root = '{{$MMVMTL_COCO128:../shared/data/coco128}}'
size = (288, 256)

load = dict(type='mmvmtl.LoadVideoFrames')
pack = dict(type='mmvmtl.PackVideoInputs')
colours = dict(
    type='mmvmtl.ClipPhotometric',
    transforms=[dict(type='mmdet.YOLOXHSVRandomAug')],
)
test_pipeline = [
    load,
    dict(type='mmvmtl.ClipResize', scale=size),
    dict(type='mmvmtl.PackVideoInputs', original_gt=True),
]
actions = dict(
    walk=['walk'],
    standup=['standup'],
    sit=['sit', 'sitdown'],
    fall=['falling', 'falled'],
    lie=['lying', 'sleeping'],
)

train_dataloader = dict(
    batch_size=8,
    num_workers=1,
    persistent_workers=True,
    collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='DefaultSampler', shuffle=True),
    batch_sampler=dict(
        type='mmvmtl.MixedBatchSampler',
        ratio=dict(zebrafish=1, fir_action=1, coco128=2),
        batches=100,
    ),
    dataset=dict(
        type='mmvmtl.JoinedDataset',
        datasets=dict(
            zebrafish=dict(
                type='mmvmtl.MOTVideoDataset',
                data_root=zebrafish_root,
                frames=(1, 200),
                metainfo=dict(classes=('fish',)),
                clip=dict(length=2, stride=(2, 6), pair=True),
                pipeline=[
                    load,
                    dict(
                        type='mmvmtl.ClipRandomAffine',
                        size=size,
                        scale=(0.8, 1.25),
                        translate=0.1,
                    ),
                    # Seen from above, a fish has no preferred direction.
                    dict(
                        type='mmvmtl.ClipRandomFlip',
                        directions=('horizontal', 'vertical'),
                    ),
                    pack,
                ],
            ),
            fir_action=dict(
                type='mmvmtl.SegmentVideoDataset',
                data_root=fir_root,
                labels=actions,
                drop=['active'],
                sequences=[
                    '20200626_155946_mlx90640_01_light_none',
                    '20200626_175151_mlx90640_01_light_none',
                    '20200627_190147_mlx90640_01_light_none',
                    '20200628_144536_mlx90640_01_light_none',
                    '20200628_145326_mlx90640_01_light_none',
                    '20200628_183032_mlx90640_01_light_natural',
                ],
                keys=32,
                clip=dict(length=8, stride=(3, 5)),
                pipeline=[
                    load,
                    dict(
                        type='mmvmtl.ClipRandomAffine',
                        size=size,
                        scale=(0.8, 1.25),
                        translate=0.1,
                    ),
                    dict(type='mmvmtl.ClipRandomFlip'),
                    colours,
                    pack,
                ],
            ),
            coco128=dict(
                type='mmvmtl.YOLOImageDataset',
                data_root=coco128_root,
                part=(0, 94),
                metainfo=dict(classes=('person',)),
                pipeline=[
                    load,
                    dict(
                        type='mmvmtl.ClipRandomAffine',
                        size=size,
                        scale=(0.5, 2.0),
                        aspect=1.25,
                        translate=0.2,
                    ),
                    dict(type='mmvmtl.ClipRandomFlip'),
                    colours,
                    pack,
                ],
            ),
        ),
    ),
)
auto_scale_lr = dict(enable=False, base_batch_size=8)
val_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='mmvmtl.VideoSampler'),
    dataset=dict(
        type='mmvmtl.JoinedDataset',
        datasets=dict(
            zebrafish=dict(
                type='mmvmtl.MOTVideoDataset',
                data_root=zebrafish_root,
                frames=(201, 280),
                metainfo=dict(classes=('fish',)),
                test_mode=True,
                chunk=8,
                pipeline=test_pipeline,
            ),
            fir_action=dict(
                type='mmvmtl.SegmentVideoDataset',
                data_root=fir_root,
                labels=actions,
                drop=['active'],
                sequences=[
                    '20200626_154556_mlx90640_01_light_none',
                    '20200626_160522_mlx90640_01_light_none',
                    '20200627_185209_mlx90640_01_light_none',
                ],
                # The frames that the head looks at; a quarter of the time.
                every=4,
                test_mode=True,
                chunk=16,
                pipeline=test_pipeline,
            ),
            coco128=dict(
                type='mmvmtl.YOLOImageDataset',
                data_root=coco128_root,
                part=(94, 126),
                metainfo=dict(classes=('person',)),
                test_mode=True,
                pipeline=test_pipeline,
            ),
        ),
    ),
)
test_dataloader = val_dataloader

zebrafish_evaluator = [
    dict(type='mmvmtl.VideoDetMetric', dataset='zebrafish'),
    dict(type='mmvmtl.MOTMetric', dataset='zebrafish'),
    dict(type='mmvmtl.ReIDMetric', dataset='zebrafish'),
]
fir_evaluator = [dict(type='mmvmtl.VideoClsMetric', dataset='fir_action')]
coco128_evaluator = [dict(type='mmvmtl.VideoDetMetric', dataset='coco128')]
val_evaluator = zebrafish_evaluator + fir_evaluator + coco128_evaluator
test_evaluator = val_evaluator
