"""Day to night, source only: trained on labelled day, tested on night.

Not trained yet. ``strength`` says how strong the shift is, for all configs
of this target; all share the augmentation.

python tools/train.py configs/domain/day_to_night.py
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

# 0 is plain light, 1 the look of the world's night.
strength = 1.0

train_dataloader = dict(
    # New videos in all iterations.
    dataset=dict(num_videos=600, world=dict(style_strength=strength)),
)
val_dataloader = dict(
    dataset=dict(world=dict(style='night', style_strength=strength)),
)
test_dataloader = dict(
    dataset=dict(world=dict(style='night', style_strength=strength)),
)
