"""Faster R-CNN learns 8 frames by heart in 150 iterations: not measured yet.

python tools/overfit.py faster_rcnn_r18
"""

_base_ = [
    '../_base_/models/video_mtl_faster_rcnn_r18.py',
    '../_base_/datasets/synthetic_8_frames.py',
    '../_base_/schedules/overfit.py',
]
