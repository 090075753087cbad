"""A stock MMAction2 recogniser (TSN, ResNet-18) with a domain adversary.

MMVMTL_ACTION and MMVMTL_ACTION_TARGET are folders of two domains, each with
videos and with train.txt and val.txt, lines of "file label"; labels of the
target's train.txt are not used. MMVMTL_TSN is a checkpoint of such a
recogniser. Not trained yet.

python tools/train.py configs/domain/tsn_r18_image.py
"""

_base_ = '../_base_/tsn_r18.py'

target_root = '{{$MMVMTL_ACTION_TARGET:data/action_target}}'

model = dict(
    # The recogniser becomes a part of another model.
    _delete_=True,
    type='mmvmtl.DomainAdaptiveRecognizer',
    recognizer=_base_.model,
    domain=dict(
        type='mmvmtl.DomainAdversary',
        domains=('source', 'target'),
        image=dict(in_channels=512, stage='backbone'),
    ),
)

*steps, plain_pack = _base_.pipeline
pack = {
    **plain_pack,
    'meta_keys': ('img_shape', 'domain', 'labelled', 'weight'),
}
# As many labelled clips an iteration as without a target, and as many of it.
train_dataloader = dict(
    batch_size=16,
    batch_sampler=dict(type='mmvmtl.MixedBatchSampler', ratio=[1, 1]),
    dataset=dict(
        _delete_=True,
        type='ConcatDataset',
        datasets=[
            dict(
                type='VideoDataset',
                ann_file=f'{_base_.root}/train.txt',
                data_prefix=dict(video=_base_.root),
                pipeline=[
                    *steps,
                    dict(type='mmvmtl.SetDomain', domain='source'),
                    pack,
                ],
            ),
            dict(
                type='VideoDataset',
                ann_file=f'{target_root}/train.txt',
                data_prefix=dict(video=target_root),
                pipeline=[
                    *steps,
                    dict(
                        type='mmvmtl.SetDomain',
                        domain='target',
                        labelled=(),
                    ),
                    pack,
                ],
            ),
        ],
    ),
)
val_dataloader = dict(
    dataset=dict(
        ann_file=f'{target_root}/val.txt',
        data_prefix=dict(video=target_root),
    ),
)
test_dataloader = val_dataloader
custom_hooks = [
    dict(
        type='mmvmtl.FinetuneCheckpointHook',
        checkpoint='{{$MMVMTL_TSN:checkpoints/tsn_r18.pth}}',
        prefix_map={'backbone.': 'detector.backbone.'},
    ),
    dict(type='mmvmtl.DomainAdversarialHook'),
]
