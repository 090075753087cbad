"""Faster R-CNN learns 8 frames by heart in 150 iterations.

1 CPU core, 8 min: 98.5 mAP50.

python tools/overfit.py faster_rcnn_r18
"""

_base_ = [
    '../_base_/models/video_mtl_faster_rcnn_r18.py',
    '../_base_/datasets/synthetic_8_frames.py',
    '../_base_/schedules/overfit.py',
]
