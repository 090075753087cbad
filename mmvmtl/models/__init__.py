"""The model and its parts."""

from mmvmtl.models.detectors import VideoMTLDetector
from mmvmtl.models.heads import (
    ActionHead,
    BaseTaskHead,
    ClipHead,
    DenseDetection,
    FrameHead,
    MultiTaskHead,
    TrackHead,
    TwoStageDetection,
)
from mmvmtl.models.losses import InstanceContrastiveLoss, WeightedMTLLoss
from mmvmtl.models.task_branch import TaskBranch
from mmvmtl.models.trackers import VideoTracker
from mmvmtl.models.video_data_preprocessor import VideoDataPreprocessor

__all__ = [
    'ActionHead',
    'BaseTaskHead',
    'ClipHead',
    'DenseDetection',
    'FrameHead',
    'InstanceContrastiveLoss',
    'MultiTaskHead',
    'TaskBranch',
    'TrackHead',
    'TwoStageDetection',
    'VideoDataPreprocessor',
    'VideoMTLDetector',
    'VideoTracker',
    'WeightedMTLLoss',
]
