"""The model and its parts."""

from mmvmtl.models.detectors import (
    MLDG,
    DomainAdaptiveDetector,
    VideoMTLDetector,
)
from mmvmtl.models.domain import (
    CORAL,
    MMD,
    DomainAdversary,
    DomainAlignment,
    GradientReversal,
    ImageDiscriminator,
    InstanceDiscriminator,
    MixStyle,
    MixStyleBackbone,
)
from mmvmtl.models.heads import (
    ActionHead,
    AppearanceMotionHead,
    BaseTaskHead,
    DenseDetection,
    FrameHead,
    GroupMotionHead,
    MultiTaskHead,
    TrackHead,
    TwoStageDetection,
)
from mmvmtl.models.losses import (
    DWA,
    FAMO,
    GLS,
    IMTLL,
    RLW,
    BaseWeighting,
    InstanceContrastiveLoss,
    LossScaleNorm,
    UncertaintyWeighting,
    WeightedMTLLoss,
    global_mean,
)
from mmvmtl.models.task_branch import TaskBranch
from mmvmtl.models.trackers import VideoTracker
from mmvmtl.models.video_data_preprocessor import VideoDataPreprocessor

__all__ = [
    'CORAL',
    'DWA',
    'FAMO',
    'GLS',
    'IMTLL',
    'MLDG',
    'MMD',
    'RLW',
    'ActionHead',
    'AppearanceMotionHead',
    'BaseTaskHead',
    'BaseWeighting',
    'DenseDetection',
    'DomainAdaptiveDetector',
    'DomainAdversary',
    'DomainAlignment',
    'FrameHead',
    'GradientReversal',
    'GroupMotionHead',
    'ImageDiscriminator',
    'InstanceContrastiveLoss',
    'InstanceDiscriminator',
    'LossScaleNorm',
    'MixStyle',
    'MixStyleBackbone',
    'MultiTaskHead',
    'TaskBranch',
    'TrackHead',
    'TwoStageDetection',
    'UncertaintyWeighting',
    'VideoDataPreprocessor',
    'VideoMTLDetector',
    'VideoTracker',
    'WeightedMTLLoss',
    'global_mean',
]
