"""The ResNet-50 with three branches learns 8 frames by heart in 150 iterations: not measured yet.

python tools/overfit.py seed0_r50
"""

_base_ = [
    '../_base_/models/video_mtl_seed0_r50.py',
    '../_base_/datasets/synthetic_8_frames.py',
    '../_base_/schedules/overfit.py',
]
