"""The model and its parts."""

from mmvmtl.models.backbones import ShuffleNetV2
from mmvmtl.models.detectors import VideoMTLDetector
from mmvmtl.models.heads import (
    ActionHead,
    BaseTaskHead,
    DenseDetection,
    FrameHead,
    GroupMotionHead,
    MultiTaskHead,
    TrackHead,
    TwoStageDetection,
)
from mmvmtl.models.losses import (
    InstanceContrastiveLoss,
    WeightedMTLLoss,
    global_mean,
)
from mmvmtl.models.task_branch import TaskBranch
from mmvmtl.models.trackers import VideoTracker
from mmvmtl.models.video_data_preprocessor import VideoDataPreprocessor

__all__ = [
    'ActionHead',
    'BaseTaskHead',
    'DenseDetection',
    'FrameHead',
    'GroupMotionHead',
    'InstanceContrastiveLoss',
    'MultiTaskHead',
    'ShuffleNetV2',
    'TaskBranch',
    'TrackHead',
    'TwoStageDetection',
    'VideoDataPreprocessor',
    'VideoMTLDetector',
    'VideoTracker',
    'WeightedMTLLoss',
    'global_mean',
]
