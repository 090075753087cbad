"""FCOS learns 8 frames by heart in 150 iterations.

1 CPU core, 5 min: 99.4 mAP50.

python tools/overfit.py fcos_r18
"""

_base_ = [
    '../_base_/models/video_mtl_fcos_r18.py',
    '../_base_/datasets/synthetic_8_frames.py',
    '../_base_/schedules/overfit.py',
]
