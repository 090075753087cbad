"""Boxes, clip labels and tracks on the synthetic world, full budget.

python tools/train.py configs/synthetic/video_mtl_rtmdet_tiny.py
"""

_base_ = [
    '../_base_/models/video_mtl_rtmdet_tiny.py',
    '../_base_/datasets/synthetic.py',
    '../_base_/schedules/full.py',
    '../_base_/default_runtime.py',
]
