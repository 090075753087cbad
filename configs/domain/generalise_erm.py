"""Four labelled domains, tested on a fifth: plain training (ERM).

Not trained yet. The tool holds each domain out in turn:

python tools/leave_one_domain_out.py configs/domain/generalise_erm.py
"""

_base_ = [
    '../_base_/models/video_mtl_rtmdet_tiny.py',
    '../_base_/datasets/synthetic.py',
    '../_base_/optimizers/muon.py',
    '../_base_/schedules/short.py',
    '../_base_/default_runtime.py',
]

train_pipeline = [
    dict(type='mmvmtl.LoadVideoFrames'),
    dict(
        type='mmvmtl.ClipPhotometric',
        transforms=[dict(type='PhotoMetricDistortion')],
        prob=0.5,
    ),
    dict(type='mmvmtl.ClipResize', scale=(256, 192)),
    dict(type='mmvmtl.PackVideoInputs'),
]
train_dataloader = dict(
    batch_size=8,
    dataset=dict(
        num_videos=800,
        world=dict(style=('day', 'night', 'fog', 'rain')),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(dataset=dict(world=dict(style='thermal')))
test_dataloader = dict(dataset=dict(world=dict(style='thermal')))
