"""The same network for boxes alone: what joint training is measured with.

python tools/train.py configs/synthetic/detection_only_rtmdet_tiny.py
"""

_base_ = [
    '../_base_/models/video_mtl_rtmdet_tiny.py',
    '../_base_/datasets/synthetic.py',
    '../_base_/optimizers/muon.py',
    '../_base_/schedules/full.py',
    '../_base_/default_runtime.py',
]

model = dict(
    head=dict(heads=dict(cls=None, track=None)),
    loss=dict(weights=dict(cls=None, track=None)),
    tracker=None,
)
val_evaluator = [dict(type='mmvmtl.VideoDetMetric')]
test_evaluator = val_evaluator
