"""The ResNet-50 with three branches learns 8 frames by heart in 150 iterations.

1 CPU core, 9 min: 78.9 mAP50.

python tools/overfit.py seed0_r50
"""

_base_ = [
    '../_base_/models/video_mtl_seed0_r50.py',
    '../_base_/datasets/synthetic_8_frames.py',
    '../_base_/schedules/overfit.py',
]
