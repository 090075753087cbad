"""Boxes, clip labels and tracks on the synthetic world, RTMDet-tiny.

    python tools/train.py configs/synthetic/video_mtl_rtmdet_tiny.py
"""

_base_ = [
    '../_base_/models/video_mtl_rtmdet_tiny.py',
    '../_base_/datasets/synthetic.py',
    '../_base_/schedules/demo.py',
    '../_base_/default_runtime.py',
]
