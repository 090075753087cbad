"""A stock MMAction2 recogniser (TSN, ResNet-18) and videos of one's own.

MMVMTL_ACTION is a folder with videos and with train.txt and val.txt, lines
of "file label".
"""

_base_ = './default_runtime.py'

default_scope = 'mmaction'
num_classes = 5
root = '{{$MMVMTL_ACTION:data/action}}'

model = dict(
    type='Recognizer2D',
    backbone=dict(type='ResNet', pretrained=None, depth=18),
    cls_head=dict(
        type='TSNHead',
        num_classes=num_classes,
        in_channels=512,
        consensus=dict(type='AvgConsensus', dim=1),
        dropout_ratio=0.4,
    ),
    data_preprocessor=dict(
        type='ActionDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        format_shape='NCHW',
    ),
)
frames = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
pipeline = [
    dict(type='OpenCVInit'),
    frames,
    dict(type='OpenCVDecode'),
    dict(type='Resize', scale=(224, 224), keep_ratio=False),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackActionInputs'),
]
# The same frames each time.
test_pipeline = [pipeline[0], {**frames, 'test_mode': True}, *pipeline[2:]]
train_dataloader = dict(
    batch_size=8,
    num_workers=1,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='VideoDataset',
        ann_file=f'{root}/train.txt',
        data_prefix=dict(video=root),
        pipeline=pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=1,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='VideoDataset',
        ann_file=f'{root}/val.txt',
        data_prefix=dict(video=root),
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
val_evaluator = dict(type='AccMetric')
test_dataloader = val_dataloader
test_evaluator = val_evaluator
train_cfg = dict(by_epoch=True, max_epochs=10, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05),
)
