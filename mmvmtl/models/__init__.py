"""The model and its parts."""

from mmvmtl.models.balancing import (
    IMTLG,
    MGDA,
    AlignedMTL,
    Balancer,
    CAGrad,
    DualProj,
    FairGrad,
    GradNorm,
    GradVac,
    GramianWeighting,
    NashMTL,
    PCGrad,
    UPGrad,
)
from mmvmtl.models.detectors import MTLWrapper, VideoMTLDetector
from mmvmtl.models.heads import (
    ActionHead,
    BaseTaskHead,
    DenseDetection,
    FrameHead,
    GroupMotionHead,
    MultiTaskHead,
    TrackHead,
    TrueBoxes,
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
    'IMTLG',
    'MGDA',
    'ActionHead',
    'AlignedMTL',
    'Balancer',
    'BaseTaskHead',
    'CAGrad',
    'DenseDetection',
    'DualProj',
    'FairGrad',
    'FrameHead',
    'GradNorm',
    'GradVac',
    'GramianWeighting',
    'GroupMotionHead',
    'InstanceContrastiveLoss',
    'MTLWrapper',
    'MultiTaskHead',
    'NashMTL',
    'PCGrad',
    'TaskBranch',
    'TrackHead',
    'TrueBoxes',
    'TwoStageDetection',
    'UPGrad',
    'VideoDataPreprocessor',
    'VideoMTLDetector',
    'VideoTracker',
    'WeightedMTLLoss',
    'global_mean',
]
