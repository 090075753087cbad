"""Two layers of a shared expert beside one of each task. Not trained yet.

Of the network at 192×256 it is 13.6 % of the parameters and 21.7 % of the
multiply-adds.

python tools/train.py configs/synthetic/sharing/ple_rtmdet_tiny.py
"""

_base_ = '../video_mtl_rtmdet_tiny.py'

model = dict(
    sharing=dict(
        type='mmvmtl.PLE',
        # The head of clip labels looks at tracks, not at features.
        tasks=('det', 'track'),
        in_channels=(96, 96, 96),
        norm_cfg=dict(type='BN'),
    )
)
