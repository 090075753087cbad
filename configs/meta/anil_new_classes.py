"""ANIL: from 5 frames to two new classes of objects: not trained yet.

In training episodes two of disc, square and triangle are labelled, in any
order, and the third is background: what an object is, and which, can only be
learned from the 5 frames. The test has stars and crosses, which were
background before, and then the others are. MMVMTL_META_PRETRAINED_CLASSES is
another checkpoint of pretrain_three_classes_rtmdet_tiny.py to begin with.

python tools/train.py configs/meta/anil_new_classes.py
python tools/eval_episodes.py configs/meta/anil_new_classes.py --checkpoints meta=META.pth pretrained=PRETRAINED.pth
"""

_base_ = '../_base_/schedules/meta.py'

load_from = '{{$MMVMTL_META_PRETRAINED_CLASSES:work_dirs/pretrain_three_classes_rtmdet_tiny/epoch_16.pth}}'
model = dict(head=dict(heads=dict(det=dict(bbox_head=dict(num_classes=3)))))
train_dataloader = dict(
    dataset=dict(
        type='mmvmtl.EpisodeDataset',
        domains=dict(day={**_base_.frames, 'world': _base_.day}),
        classes=['disc', 'square', 'triangle'],
        ways=2,
        # The head was trained on three.
        num_classes=3,
        shots=5,
        queries=5,
        episodes=4000,
    ),
)
train_cfg = dict(lr=0.03)
drawn = dict(
    type='mmvmtl.EpisodeDataset',
    classes=['star', 'cross'],
    ways=2,
    shots=5,
    queries=10,
    episodes=50,
    seed=1,
)
episodes = dict(
    dataset={
        **drawn,
        'domains': dict(day={**_base_.held_out, 'world': _base_.day}),
    },
    search={
        **drawn,
        'domains': dict(day={**_base_.search, 'world': _base_.day}),
    },
    steps=5,
    parts=_base_.parts,
    max_norm=2.0,
    # Every checkpoint takes what suits it best.
    choices=dict(head=dict(parts=_base_.parts), all=dict(parts=None)),
)
# For tools/adapt.py: as many classes as the head has, two of them new.
names = ['star', 'cross', 'disc']
keep = dict(
    type='mmvmtl.KeepClasses',
    classes=names,
    of=['disc', 'square', 'triangle', 'star', 'cross'],
)
load, resize, pack = _base_.frames.pipeline
few = {
    **_base_.search,
    'world': _base_.day,
    'metainfo': dict(classes=names),
}
adapt = dict(
    dataset={**few, 'pipeline': [load, keep, resize, pack]},
    lr=0.03,
    steps=5,
    parts=_base_.parts,
    max_norm=2.0,
)
test_dataloader = dict(
    dataset={
        **few,
        'split': 'test',
        'num_videos': 10,
        'test_mode': True,
        'pipeline': [load, keep, resize, {**pack, 'original_gt': True}],
    },
)
