"""A stock MMAction2 recogniser (TSN, ResNet-18) with FreezeHook.

MMVMTL_ACTION is a folder with videos and with train.txt and val.txt, lines
of "file label"; MMVMTL_TSN a checkpoint of such a recogniser, whose trunk is
taken. All but its last stage and the head stand still. Not trained yet.

python tools/train.py configs/finetune/tsn_r18_frozen.py
"""

_base_ = '../_base_/tsn_r18.py'

default_hooks = dict(
    stopping=dict(
        type='EarlyStoppingHook',
        monitor='acc/top1',
        rule='greater',
        min_delta=0.005,
    ),
)
custom_hooks = [
    dict(
        type='mmvmtl.FinetuneCheckpointHook',
        checkpoint='{{$MMVMTL_TSN:checkpoints/tsn_r18.pth}}',
        prefix_map={'backbone.': 'backbone.'},
    ),
    dict(
        type='mmvmtl.FreezeHook',
        modules=['backbone.conv1', 'backbone.layer[123]'],
    ),
]
