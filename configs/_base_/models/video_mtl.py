"""What every model of ours shares, whatever trunk and detector it has.

Clip labels and tracking; a trunk's base adds backbone, neck and ``det``.
"""

model = dict(
    type='mmvmtl.VideoMTLDetector',
    data_preprocessor=dict(
        type='mmvmtl.VideoDataPreprocessor',
        input_size=(192, 256),
        mean=[103.53, 116.28, 123.675],
        std=[57.375, 57.12, 58.395],
    ),
    head=dict(
        type='mmvmtl.MultiTaskHead',
        heads=dict(
            cls=dict(
                type='mmvmtl.GroupMotionHead',
                num_classes=5,
                window=1,
                stride=3,
                hop=1,
            ),
            track=dict(
                type='mmvmtl.TrackHead',
                embed_dims=64,
                motion=dict(channels=32, radius=5, step=4.0),
                embed_gt=True,
            ),
        ),
    ),
    loss=dict(
        # Boxes rule the shared features. The steps of what belongs to one
        # head alone hardly depend on its weight: AdamW and Muon even out
        # the size of a gradient.
        type='mmvmtl.WeightedMTLLoss',
        weights=dict(det=1.0, cls=0.1, track=0.3),
    ),
    tracker=dict(
        type='mmvmtl.VideoTracker',
        scores=dict(high=0.3, low=0.1, new=0.35),
        gates=dict(first=0.3),
        embedding=dict(),
        velocity=dict(),
        recover=dict(),
    ),
)
