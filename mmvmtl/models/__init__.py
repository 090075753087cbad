"""The model and its parts."""

from mmvmtl.models.detectors import VideoMTLDetector
from mmvmtl.models.heads import (
    ActionHead,
    BaseTaskHead,
    DenseDetection,
    FrameHead,
    GroupMotionHead,
    MultiTaskHead,
    TemporalConvHead,
    TrackHead,
    TwoStageDetection,
)
from mmvmtl.models.losses import (
    InstanceContrastiveLoss,
    WeightedMTLLoss,
    global_mean,
)
from mmvmtl.models.multi_task_cnn import MultiTaskCNN, SharedLayer
from mmvmtl.models.regularisers import (
    BaseRegulariser,
    SharedWeightPenalty,
    TaskRelationPenalty,
    TaskStructurePenalty,
)
from mmvmtl.models.sharing import (
    CGC,
    MTAN,
    PLE,
    BaseSharing,
    CrossStitch,
    MMoE,
)
from mmvmtl.models.task_branch import TaskBranch
from mmvmtl.models.trackers import VideoTracker
from mmvmtl.models.video_data_preprocessor import VideoDataPreprocessor

__all__ = [
    'CGC',
    'MTAN',
    'PLE',
    'ActionHead',
    'BaseRegulariser',
    'BaseSharing',
    'BaseTaskHead',
    'CrossStitch',
    'DenseDetection',
    'FrameHead',
    'GroupMotionHead',
    'InstanceContrastiveLoss',
    'MMoE',
    'MultiTaskCNN',
    'MultiTaskHead',
    'SharedLayer',
    'SharedWeightPenalty',
    'TaskBranch',
    'TaskRelationPenalty',
    'TaskStructurePenalty',
    'TemporalConvHead',
    'TrackHead',
    'TwoStageDetection',
    'VideoDataPreprocessor',
    'VideoMTLDetector',
    'VideoTracker',
    'WeightedMTLLoss',
    'global_mean',
]
