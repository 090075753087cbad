"""Ordinary training on three of five classes, for as long as meta-learning.

What fomaml_new_classes.py is compared with: as many iterations with as many
frames of the same world, and the same optimizer. One seed, 5 frames of two
new classes: 15.3 mAP50.

python tools/train.py configs/meta/continued_three_classes_rtmdet_tiny.py
"""

_base_ = './continued_rtmdet_tiny.py'

load_from = '{{$MMVMTL_META_PRETRAINED_CLASSES:work_dirs/pretrain_three_classes_rtmdet_tiny/epoch_16.pth}}'
names = ['disc', 'square', 'triangle']
keep = dict(
    type='mmvmtl.KeepClasses', classes=names, of=[*names, 'star', 'cross']
)
load, resize, pack = _base_.train_pipeline
train = [load, keep, resize, pack]
test = [load, keep, resize, {**pack, 'original_gt': True}]
metainfo = dict(classes=names)

model = dict(head=dict(heads=dict(det=dict(bbox_head=dict(num_classes=3)))))
train_dataloader = dict(
    dataset=dict(pipeline=train, metainfo=metainfo, world=dict(style=('day',)))
)
test_dataloader = dict(dataset=dict(pipeline=test, metainfo=metainfo))
