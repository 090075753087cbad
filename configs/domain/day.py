"""The model of the day that all adaptation begins with.

python tools/train.py configs/domain/day.py
"""

_base_ = [
    '../_base_/models/video_mtl_rtmdet_small.py',
    '../_base_/datasets/synthetic_small_augmented.py',
    '../_base_/optimizers/muon.py',
    '../_base_/schedules/full.py',
    '../_base_/default_runtime.py',
]
