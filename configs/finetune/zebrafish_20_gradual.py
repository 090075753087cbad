"""20 labelled frames, released from the top: heads, neck, then backbone.

From a checkpoint of configs/synthetic/video_mtl_rtmdet_tiny.py, whose path
is MMVMTL_PRETRAINED.

Three seeds: 94.2 mAP50, 50.1 mAP, 50.8 HOTA.

python tools/train.py configs/finetune/zebrafish_20_gradual.py
"""

_base_ = './zebrafish_20_scratch.py'

optim_wrapper = dict(
    constructor='mmvmtl.LayerDecayConstructor',
    paramwise_cfg=dict(
        layers=[
            ['backbone.stem', 'backbone.stage[12]'],
            'backbone.stage[34]',
            'neck',
        ],
        rate=0.7,
    ),
)
custom_hooks = [
    dict(
        type='mmvmtl.FinetuneCheckpointHook',
        checkpoint='{{$MMVMTL_PRETRAINED:work_dirs/demo/train/epoch_16.pth}}',
    ),
    dict(
        type='mmvmtl.FreezeHook',
        stages=[
            dict(modules='neck', until=dict(progress=0.2)),
            dict(modules='backbone.stage[34]', until=dict(progress=0.4)),
            dict(
                modules=['backbone.stem', 'backbone.stage[12]'],
                until=dict(progress=0.6),
            ),
        ],
    ),
]
