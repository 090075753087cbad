"""The action labels of the three data sets alone, on an equal budget.

As many clips and iterations of it as in three_datasets_rtmdet_tiny.py. 18
minutes on one core, three seeds: 43.7 clip top-1; the largest class has 31.0.

    python tools/train.py configs/multi/fir_action_alone_rtmdet_tiny.py
"""

_base_ = './three_datasets_rtmdet_tiny.py'

model = dict(
    head=dict(heads=dict(det=None, track=None)),
    loss=dict(weights=dict(det=None, track=None)),
    tracker=None,
)
train_dataloader = dict(
    batch_size=2,
    batch_sampler=dict(ratio=dict(zebrafish=None, coco128=None)),
    dataset=dict(datasets=dict(zebrafish=None, coco128=None)),
)
val_dataloader = dict(
    dataset=dict(datasets=dict(zebrafish=None, coco128=None))
)
test_dataloader = val_dataloader
val_evaluator = _base_.fir_evaluator
test_evaluator = val_evaluator
