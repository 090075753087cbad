"""Day to fog, day clips drawn by their importance for fog.

Three seeds, 10 unseen videos: 59.3 mAP50 / 49.7 HOTA.
Weigh with the trained model, then train:

    python tools/analysis/importance_weights.py configs/domain/day_to_fog_importance.py \
        work_dirs/demo/train/epoch_16.pth --source day --target fog \
        --out work_dirs/day_to_fog_importance.json
    python tools/train.py configs/domain/day_to_fog_importance.py
"""

_base_ = './day_to_fog.py'

# A clip that is drawn again must not meet its own boxes as others.
model = dict(head=dict(heads=dict(track=dict(loss_embed=dict(memory=0)))))
# An index is the same clip in every epoch, as it is weighed once. The clips
# of fog are there to be weighed against and are never drawn.
train_dataloader = dict(
    sampler=dict(
        type='mmvmtl.ImportanceSampler',
        weights='work_dirs/day_to_fog_importance.json',
    ),
    dataset=dict(
        num_videos=240,
        world=dict(style=('day', 'fog')),
        unlabelled=('fog',),
        fresh=False,
    ),
)
custom_hooks = []
