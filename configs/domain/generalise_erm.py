"""Four labelled domains, tested on a fifth: plain training (ERM).

Not trained yet. Begins with the model of the day, so day is in training
always; the tool holds each other domain out in turn:

python tools/leave_one_domain_out.py configs/domain/generalise_erm.py --held night fog rain thermal
"""

_base_ = [
    '../_base_/models/video_mtl_rtmdet_small.py',
    '../_base_/datasets/synthetic_small_augmented.py',
    '../_base_/optimizers/muon.py',
    '../_base_/schedules/adapt.py',
]
# MMVMTL_PRETRAINED is another checkpoint of configs/domain/day.py.
load_from = '{{$MMVMTL_PRETRAINED:work_dirs/day/epoch_16.pth}}'
optim_wrapper = dict(optimizer=dict(lr=1e-3))

train_dataloader = dict(
    batch_size=8,
    # New videos in all iterations.
    dataset=dict(
        num_videos=1200,
        world=dict(style=('day', 'night', 'fog', 'rain')),
    ),
)
val_dataloader = dict(dataset=dict(world=dict(style='thermal')))
test_dataloader = dict(dataset=dict(world=dict(style='thermal')))
