"""Boxes, clip labels and tracks on the synthetic world, a few minutes.

python tools/train.py configs/synthetic/video_mtl_rtmdet_tiny_short.py
"""

_base_ = [
    '../_base_/models/video_mtl_rtmdet_tiny.py',
    '../_base_/datasets/synthetic.py',
    '../_base_/schedules/short.py',
    '../_base_/default_runtime.py',
]

test_dataloader = dict(dataset=dict(num_videos=20))
