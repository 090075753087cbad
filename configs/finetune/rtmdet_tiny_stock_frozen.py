"""Stock MMDet RTMDet-tiny with FreezeHook: the trunk waits for its head.

From a checkpoint of configs/synthetic/rtmdet_tiny_stock.py, whose path is
MMVMTL_PRETRAINED_STOCK. Not trained yet.

python tools/train.py configs/finetune/rtmdet_tiny_stock_frozen.py
"""

_base_ = '../synthetic/rtmdet_tiny_stock.py'

custom_hooks = [
    dict(type='mmvmtl.FreshEpochHook'),
    dict(
        type='mmvmtl.FinetuneCheckpointHook',
        checkpoint='{{$MMVMTL_PRETRAINED_STOCK:work_dirs/rtmdet_tiny_stock/epoch_16.pth}}',
    ),
    dict(
        type='mmvmtl.FreezeHook',
        modules=['backbone', 'neck'],
        until=dict(progress=0.5),
    ),
]
