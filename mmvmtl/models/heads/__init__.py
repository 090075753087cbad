"""Task heads, and the head that holds them."""

from mmvmtl.models.heads.action_head import ActionHead
from mmvmtl.models.heads.appearance_motion_head import AppearanceMotionHead
from mmvmtl.models.heads.base_task_head import BaseTaskHead
from mmvmtl.models.heads.clip_task import ClipTask
from mmvmtl.models.heads.detection import DenseDetection, TwoStageDetection
from mmvmtl.models.heads.frame_head import FrameHead
from mmvmtl.models.heads.group_motion_head import GroupMotionHead
from mmvmtl.models.heads.multi_task_head import MultiTaskHead
from mmvmtl.models.heads.temporal_conv_head import TemporalConvHead
from mmvmtl.models.heads.track_head import TrackHead
from mmvmtl.models.heads.true_boxes import TrueBoxes

__all__ = [
    'ActionHead',
    'AppearanceMotionHead',
    'BaseTaskHead',
    'ClipTask',
    'DenseDetection',
    'FrameHead',
    'GroupMotionHead',
    'MultiTaskHead',
    'TemporalConvHead',
    'TrackHead',
    'TrueBoxes',
    'TwoStageDetection',
]
