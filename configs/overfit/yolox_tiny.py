"""YOLOX-tiny learns 8 frames by heart in 150 iterations.

1 CPU core, 4 min: 100.0 mAP50.

python tools/overfit.py yolox_tiny
"""

_base_ = [
    '../_base_/models/video_mtl_yolox_tiny.py',
    '../_base_/datasets/synthetic_8_frames.py',
    '../_base_/schedules/overfit.py',
]

# After 150 iterations YOLOX's momentum of 0.03 still remembers the first ones.
norm_cfg = dict(momentum=0.1)
model = dict(
    backbone=dict(norm_cfg=norm_cfg),
    neck=dict(norm_cfg=norm_cfg),
    head=dict(heads=dict(det=dict(bbox_head=dict(norm_cfg=norm_cfg)))),
)
