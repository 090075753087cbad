"""20 labelled frames on a real pretrained trunk: FastestDet's ShuffleNetV2.

MMVMTL_SHUFFLENET is a file of its weights, with the names of the authors
(first_conv, stage2, ...). Neck and heads begin anew and learn faster than
the trunk. One seed, frames 201 to 280: 55.5 mAP50, where the best training
from scratch, of RTMDet's trunk, has 18.2 after as many iterations.

python tools/train.py configs/finetune/shufflenet_zebrafish_20.py
"""

_base_ = './zebrafish_20_scratch.py'

model = dict(
    # As the weights know pictures: BGR / 255.
    data_preprocessor=dict(
        mean=[0.0, 0.0, 0.0],
        std=[255.0, 255.0, 255.0],
    ),
    backbone=dict(_delete_=True, type='mmvmtl.ShuffleNetV2', width='0.5x'),
    neck=dict(in_channels=[48, 96, 192]),
)
optim_wrapper = dict(
    constructor='mmvmtl.LayerDecayConstructor',
    paramwise_cfg=dict(layers=['backbone'], rate=0.5),
)
custom_hooks = [
    dict(
        type='mmvmtl.FinetuneCheckpointHook',
        checkpoint='{{$MMVMTL_SHUFFLENET:../shared/data/weights/fastestdet_shufflenetv2_backbone.pth}}',
        prefix_map={'': 'backbone.'},
    ),
]
