"""The model and its parts."""

from mmvmtl.models.detectors import VideoMTLDetector
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
    'DWA',
    'FAMO',
    'GLS',
    'IMTLL',
    'RLW',
    'ActionHead',
    'AppearanceMotionHead',
    'BaseTaskHead',
    'BaseWeighting',
    'DenseDetection',
    'FrameHead',
    'GroupMotionHead',
    'InstanceContrastiveLoss',
    'LossScaleNorm',
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
