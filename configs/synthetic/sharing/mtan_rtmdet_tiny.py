"""An attention mask of each task over the shared features. Not trained yet.

python tools/train.py configs/synthetic/sharing/mtan_rtmdet_tiny.py
"""

_base_ = '../video_mtl_rtmdet_tiny.py'

model = dict(
    sharing=dict(
        type='mmvmtl.MTAN',
        # The head of clip labels looks at tracks, not at features.
        tasks=('det', 'track'),
        in_channels=(96, 96, 96),
        norm_cfg=dict(type='BN'),
    )
)
