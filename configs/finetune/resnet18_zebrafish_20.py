"""A pretrained ResNet-18 stands still; a new FPN and FCOS head learn 20 frames.

MMVMTL_RESNET18 is a file of its weights with the usual names (conv1,
layer1, ...), such as torchvision's. Not trained yet.

python tools/train.py configs/finetune/resnet18_zebrafish_20.py
"""

_base_ = [
    '../_base_/models/video_mtl_fcos_r18.py',
    '../_base_/datasets/zebrafish_20.py',
    '../_base_/optimizers/adamw.py',
    '../_base_/default_runtime.py',
]

model = dict(
    # As torchvision's weights know pictures.
    data_preprocessor=dict(
        input_size=(352, 384),
        bgr_to_rgb=True,
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
    ),
    head=dict(
        heads=dict(cls=None, det=dict(bbox_head=dict(num_classes=1))),
    ),
    loss=dict(weights=dict(cls=None, track=0.5)),
)
custom_hooks = [
    dict(
        type='mmvmtl.FinetuneCheckpointHook',
        checkpoint='{{$MMVMTL_RESNET18:checkpoints/resnet18.pth}}',
        prefix_map={'': 'backbone.'},
    ),
    dict(type='mmvmtl.FreezeHook', modules='backbone'),
]

train_cfg = dict(type='IterBasedTrainLoop', max_iters=200, val_interval=20)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
default_hooks = dict(
    checkpoint=dict(by_epoch=False, interval=20),
    # Stops after five evaluations in a row, of ten, without a gain.
    stopping=dict(
        type='EarlyStoppingHook',
        monitor='det/mAP50',
        rule='greater',
        min_delta=0.005,
        patience=5,
    ),
)
log_processor = dict(by_epoch=False)
