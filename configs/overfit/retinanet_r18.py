"""RetinaNet learns 8 frames by heart in 150 iterations.

1 CPU core, 5 min: 96.6 mAP50.

python tools/overfit.py retinanet_r18
"""

_base_ = [
    '../_base_/models/video_mtl_retinanet_r18.py',
    '../_base_/datasets/synthetic_8_frames.py',
    '../_base_/schedules/overfit.py',
]
