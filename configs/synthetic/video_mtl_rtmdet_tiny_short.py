"""Boxes, clip labels and tracks on the synthetic world, a few minutes.

python tools/train.py configs/synthetic/video_mtl_rtmdet_tiny_short.py
"""

_base_ = './video_mtl_rtmdet_tiny.py'

model = dict(
    # Three epochs are early for all tasks.
    loss=dict(weights=dict(cls=0.1, track=0.3)),
    # After so little training few detections are sure of their class.
    tracker=dict(scores=dict(high=0.35, low=0.15, new=0.4)),
)

train_cfg = dict(max_epochs=3, val_interval=3)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=50),
    dict(
        type='CosineAnnealingLR',
        eta_min_ratio=0.02,
        by_epoch=True,
        convert_to_iter_based=True,
        begin=1,
        end=3,
        T_max=2,
    ),
]
test_dataloader = dict(dataset=dict(num_videos=20))
