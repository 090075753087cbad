"""Day to fog for MMDet's own RTMDet-tiny, by an adversary around it.

Not trained yet.

python tools/train.py configs/domain/day_to_fog_stock_image.py
"""

_base_ = '../synthetic/rtmdet_tiny_stock.py'

strength = 0.95

model = dict(
    # The detector becomes a part of another model.
    _delete_=True,
    type='mmvmtl.DomainAdaptiveDetector',
    detector=_base_.model,
    domain=dict(
        type='mmvmtl.DomainAdversary',
        domains=('day', 'fog'),
        image=dict(in_channels=96, level=0),
    ),
)

pipeline = [
    dict(type='mmvmtl.LoadVideoFrames'),
    dict(type='mmvmtl.FrameOfClip'),
    dict(
        type='PackDetInputs',
        meta_keys=(
            *('img_id', 'img_path', 'ori_shape', 'img_shape'),
            *('scale_factor', 'instances', 'domain', 'labelled', 'weight'),
        ),
    ),
]
# On average 12 labelled frames and 12 of fog.
train_dataloader = dict(
    batch_size=24,
    dataset=dict(
        num_videos=2400,
        world=dict(style=('day', 'fog'), style_strength=strength),
        unlabelled=('fog',),
        pipeline=pipeline,
    ),
)
val_dataloader = dict(
    dataset=dict(world=dict(style='fog', style_strength=strength)),
)
test_dataloader = dict(
    dataset=dict(world=dict(style='fog', style_strength=strength)),
)
custom_hooks = [
    dict(type='mmvmtl.FreshEpochHook'),
    dict(type='mmvmtl.DomainAdversarialHook'),
]
