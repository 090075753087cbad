"""One network for three data sets: fish tracked, actions told, persons found.

From a checkpoint of configs/synthetic/video_mtl_rtmdet_tiny.py, whose path
is MMVMTL_PRETRAINED: so little data do not teach boxes from scratch. 29
minutes on one core, three seeds: fish 99.2 mAP50 / 76.4 HOTA, actions 59.8
clip top-1, persons 1.9 mAP50.

    python tools/train.py configs/multi/three_datasets_rtmdet_tiny.py
"""

_base_ = [
    '../_base_/models/video_mtl_rtmdet_tiny.py',
    '../_base_/datasets/three_datasets.py',
    '../_base_/optimizers/muon.py',
    '../_base_/schedules/full.py',
    '../_base_/default_runtime.py',
]

model = dict(
    data_preprocessor=dict(input_size=(256, 288)),
    head=dict(
        heads=dict(
            # fish and person
            det=dict(bbox_head=dict(num_classes=2)),
            cls=dict(
                type='mmvmtl.AppearanceMotionHead',
                num_classes=5,
                in_channels=96,
                window=8,
                stride=4,
                hop=2,
            ),
            # 6 px steps: a fish leaps up to 36 px of the resized frame.
            track=dict(motion=dict(radius=6, step=6.0)),
        ),
    ),
    loss=dict(weights=dict(cls=0.5, track=0.5)),
    # Fish look alike: their looks mislead the tracker.
    tracker=dict(scores=dict(high=0.4, new=0.5), embedding=None),
)

custom_hooks = [
    dict(
        type='mmvmtl.FinetuneCheckpointHook',
        checkpoint='{{$MMVMTL_PRETRAINED:work_dirs/demo/train/epoch_16.pth}}',
    ),
]
optim_wrapper = dict(optimizer=dict(lr=2e-3))
train_cfg = dict(max_epochs=4, val_interval=4)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=50),
    dict(
        type='CosineAnnealingLR',
        eta_min_ratio=0.02,
        by_epoch=True,
        convert_to_iter_based=True,
        begin=2,
        end=4,
        T_max=2,
    ),
]
