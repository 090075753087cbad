"""RTMDet-tiny learns 8 frames by heart in 150 iterations.

1 CPU core, 3 min: 84.6 mAP50.

python tools/overfit.py rtmdet_tiny
"""

_base_ = [
    '../_base_/models/video_mtl_rtmdet_tiny.py',
    '../_base_/datasets/synthetic_8_frames.py',
    '../_base_/schedules/overfit.py',
]
