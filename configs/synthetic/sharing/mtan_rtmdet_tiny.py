"""An attention mask of each task over the shared features. Not trained yet.

Of the network at 192×256 it is 5.6 % of the parameters and 10.6 % of the
multiply-adds.

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
