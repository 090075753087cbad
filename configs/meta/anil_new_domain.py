"""ANIL: from 5 frames to a domain never seen (night, thermal): not trained yet.

python tools/train.py configs/meta/anil_new_domain.py
python tools/eval_episodes.py configs/meta/anil_new_domain.py --checkpoints meta=META.pth \
    pretrained=PRETRAINED.pth continued=CONTINUED.pth

The last one is what continued_rtmdet_tiny.py makes of the second.
"""

_base_ = '../_base_/schedules/meta.py'

train_dataloader = dict(
    dataset=dict(
        type='mmvmtl.EpisodeDataset',
        domains=dict(
            day={**_base_.frames, 'world': _base_.day},
            fog={**_base_.frames, 'world': _base_.fog},
            rain={**_base_.frames, 'world': _base_.rain},
            noise={**_base_.frames, 'world': _base_.noise},
        ),
        shots=5,
        queries=5,
        episodes=4000,
    ),
)
# For tools/eval_episodes.py.
drawn = dict(
    type='mmvmtl.EpisodeDataset',
    shots=5,
    queries=10,
    episodes=50,
    seed=1,
)
episodes = dict(
    dataset={
        **drawn,
        'domains': dict(
            night={**_base_.held_out, 'world': _base_.night},
            thermal={**_base_.held_out, 'world': _base_.thermal},
        ),
    },
    search={
        **drawn,
        'domains': dict(
            night={**_base_.search, 'world': _base_.night},
            thermal={**_base_.search, 'world': _base_.thermal},
        ),
    },
    steps=5,
    parts=_base_.parts,
    max_norm=2.0,
    # Every checkpoint takes what suits it best.
    choices=dict(
        head=dict(parts=_base_.parts),
        all=dict(parts=None),
        all_statistics=dict(parts=None, statistics=True),
    ),
)
# For tools/adapt.py.
adapt = dict(
    dataset={**_base_.search, 'world': _base_.thermal},
    lr=0.01,
    steps=5,
    parts=_base_.parts,
    max_norm=2.0,
)
test_dataloader = dict(
    dataset=dict(
        type='mmvmtl.SyntheticVideoDataset',
        world=_base_.thermal,
        split='test',
        num_videos=10,
        test_mode=True,
        pipeline=_base_.frames.pipeline,
    ),
)
