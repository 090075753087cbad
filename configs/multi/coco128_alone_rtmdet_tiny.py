"""The persons of the three data sets alone, on an equal budget.

As many images and iterations of it as in three_datasets_rtmdet_tiny.py. 7
minutes on one core, three seeds: 2.7 mAP50.

    python tools/train.py configs/multi/coco128_alone_rtmdet_tiny.py
"""

_base_ = './three_datasets_rtmdet_tiny.py'

model = dict(
    head=dict(
        heads=dict(
            cls=None, track=None, det=dict(bbox_head=dict(num_classes=1))
        ),
    ),
    loss=dict(weights=dict(cls=None, track=None)),
    tracker=None,
)
train_dataloader = dict(
    batch_size=4,
    batch_sampler=dict(ratio=dict(zebrafish=None, fir_action=None)),
    dataset=dict(datasets=dict(zebrafish=None, fir_action=None)),
)
val_dataloader = dict(
    dataset=dict(datasets=dict(zebrafish=None, fir_action=None))
)
test_dataloader = val_dataloader
val_evaluator = _base_.coco128_evaluator
test_evaluator = val_evaluator
