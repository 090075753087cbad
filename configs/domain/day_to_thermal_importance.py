"""Day to thermal, day clips drawn by their importance for thermal.

2 CPU cores, one seed, 10 unseen videos: 54.0 mAP50 / 41.2 HOTA.
Weigh with the trained model, then train:

    python tools/analysis/importance_weights.py configs/domain/day_to_thermal_importance.py \
        work_dirs/demo/train/epoch_16.pth --source day --target thermal \
        --out work_dirs/day_to_thermal_importance.json
    python tools/train.py configs/domain/day_to_thermal_importance.py
"""

_base_ = './day_to_thermal.py'

# An index is the same clip in every epoch, as it is weighed once. The clips
# of thermal are there to be weighed against and are never drawn.
train_dataloader = dict(
    sampler=dict(
        type='mmvmtl.ImportanceSampler',
        weights='work_dirs/day_to_thermal_importance.json',
    ),
    dataset=dict(
        num_videos=240,
        world=dict(style=('day', 'thermal')),
        unlabelled=('thermal',),
        fresh=False,
    ),
)
custom_hooks = []
