"""Cross-stitch units between columns of the tasks. Not trained yet.

Of the network at 192×256 it is 5.0 % of the parameters and 8.8 % of the
multiply-adds.

python tools/train.py configs/synthetic/sharing/cross_stitch_rtmdet_tiny.py
"""

_base_ = '../video_mtl_rtmdet_tiny.py'

model = dict(
    sharing=dict(
        type='mmvmtl.CrossStitch',
        # The head of clip labels looks at tracks, not at features.
        tasks=('det', 'track'),
        in_channels=(96, 96, 96),
        norm_cfg=dict(type='BN'),
    )
)

# To decay a unit is to shrink the features, not to simplify anything.
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys={'.alpha': dict(decay_mult=0.0)})
)
