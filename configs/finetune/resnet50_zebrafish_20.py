"""All layers of a pretrained ResNet-50, held near their start by L2-SP.

MMVMTL_RESNET50 is a file of its weights with the usual names (conv1,
layer1, ...), such as torchvision's. Not trained yet.

python tools/train.py configs/finetune/resnet50_zebrafish_20.py
"""

_base_ = [
    '../_base_/models/video_mtl_seed0_r50.py',
    '../_base_/datasets/zebrafish_20.py',
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
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='mmvmtl.LayerDecayConstructor',
    # L2-SP takes the place of weight decay.
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.0),
    paramwise_cfg=dict(
        layers=[
            ['backbone.conv1', 'backbone.bn1', 'backbone.layer1'],
            *('backbone.layer2', 'backbone.layer3', 'backbone.layer4'),
        ],
        rate=0.5,
    ),
    clip_grad=dict(max_norm=35),
)
custom_hooks = [
    dict(
        type='mmvmtl.FinetuneCheckpointHook',
        checkpoint='{{$MMVMTL_RESNET50:checkpoints/resnet50.pth}}',
        prefix_map={'': 'backbone.'},
    ),
    dict(type='mmvmtl.L2SPHook', modules='backbone', alpha=0.01, beta=0.01),
    dict(type='mmvmtl.GradientHealthHook'),
]

train_cfg = dict(type='IterBasedTrainLoop', max_iters=200, val_interval=200)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=200))
log_processor = dict(by_epoch=False)
