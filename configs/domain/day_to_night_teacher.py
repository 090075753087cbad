"""Day to night: a detector of the day learns night from its own running mean; night is unlabelled.

Three seeds, 10 unseen videos: 80.0 mAP50 / 64.9 HOTA.

python tools/train.py configs/domain/day_to_night_teacher.py
"""

_base_ = './day_to_night.py'

model = dict(
    _delete_=True,
    type='mmvmtl.MeanTeacher',
    detector=_base_.model,
    pseudo=dict(box_thr=0.4, clip_thr=0.8),
)

branches = ['source', 'weak', 'strong']
labelled = {
    **_base_.source,
    'pipeline': [
        *_base_.train_pipeline[:-1],
        dict(
            type='mmdet.MultiBranch',
            branch_field=branches,
            source=[_base_.pack],
        ),
    ],
}
# Frames follow each other, so that tracks within a clip can be trusted and
# have velocities, by which clips are told; and the strong view differs in
# colours only: boxes stay where the teacher saw them.
unlabelled = {
    **_base_.target,
    'clip': dict(length=3, stride=1),
    'pipeline': [
        *_base_.train_pipeline[:2],
        dict(
            type='mmdet.MultiBranch',
            branch_field=branches,
            weak=[_base_.pack],
            strong=[{**_base_.augment, 'prob': 1.0}, _base_.pack],
        ),
    ],
}
# As many labelled clips an iteration as source only, and as many of night.
train_dataloader = dict(
    batch_size=4,
    sampler=dict(
        _delete_=True,
        type='mmdet.MultiSourceSampler',
        batch_size=4,
        source_ratio=[1, 1],
    ),
    dataset=dict(
        _delete_=True,
        type='ConcatDataset',
        datasets=[labelled, unlabelled],
    ),
)
custom_hooks = [dict(type='mmvmtl.TeacherHook', momentum=0.05)]
