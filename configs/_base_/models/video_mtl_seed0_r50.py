"""A ResNet-50 trunk with three branches on its last stage, as it is taught.

Every branch is a 3×3 convolution of the 2048 channels at stride 32 and an
output of its own. Detection is FCOS's dense form of "classes and four edges";
the clip label is told from each frame's narrow map and its change; the
tracking branch is read at boxes.
"""

_base_ = './video_mtl.py'

model = dict(
    backbone=dict(
        type='ResNet',
        depth=50,
        num_stages=4,
        out_indices=(3,),
        norm_cfg=dict(type='BN', requires_grad=True),
        style='pytorch',
    ),
    head=dict(
        heads=dict(
            det=dict(
                type='mmvmtl.DenseDetection',
                bbox_head=dict(
                    type='FCOSHead',
                    num_classes=5,
                    in_channels=2048,
                    stacked_convs=1,
                    feat_channels=256,
                    strides=[32],
                    regress_ranges=((-1, 1e8),),
                    norm_on_bbox=True,
                    loss_bbox=dict(type='GIoULoss', loss_weight=1.0),
                ),
                test_cfg=dict(
                    nms_pre=1000,
                    min_bbox_size=0,
                    score_thr=0.01,
                    nms=dict(type='nms', iou_threshold=0.5),
                    max_per_img=100,
                ),
            ),
            cls=dict(
                _delete_=True,
                type='mmvmtl.AppearanceMotionHead',
                num_classes=5,
                in_channels=2048,
                feat_channels=256,
                window=8,
                stride=4,
                hop=1,
            ),
            track=dict(in_channels=2048, branch_channels=256, strides=(32,)),
        ),
    ),
)
