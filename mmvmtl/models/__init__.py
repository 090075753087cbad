"""The model and its parts."""

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
from mmvmtl.models.teacher import BranchDataPreprocessor, MeanTeacher
from mmvmtl.models.trackers import VideoTracker
from mmvmtl.models.translation import (
    PatchDiscriminator,
    TranslationDataPreprocessor,
    TranslationGenerator,
    UnpairedTranslator,
)
from mmvmtl.models.video_data_preprocessor import VideoDataPreprocessor

__all__ = [
    'ActionHead',
    'BaseTaskHead',
    'BranchDataPreprocessor',
    'DenseDetection',
    'FrameHead',
    'GroupMotionHead',
    'InstanceContrastiveLoss',
    'MeanTeacher',
    'MultiTaskHead',
    'PatchDiscriminator',
    'TaskBranch',
    'TrackHead',
    'TranslationDataPreprocessor',
    'TranslationGenerator',
    'TwoStageDetection',
    'UnpairedTranslator',
    'VideoDataPreprocessor',
    'VideoMTLDetector',
    'VideoTracker',
    'WeightedMTLLoss',
    'global_mean',
]
