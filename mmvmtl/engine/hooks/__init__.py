"""Hooks, one idea a file."""

from mmvmtl.engine.hooks.adaptive_batch_norm_hook import (
    AdaptiveBatchNormHook,
)
from mmvmtl.engine.hooks.class_check_hook import ClassCheckHook
from mmvmtl.engine.hooks.domain_adversarial_hook import (
    DomainAdversarialHook,
)
from mmvmtl.engine.hooks.finetune_checkpoint_hook import (
    FinetuneCheckpointHook,
)
from mmvmtl.engine.hooks.freeze_hook import FreezeHook
from mmvmtl.engine.hooks.fresh_epoch_hook import FreshEpochHook
from mmvmtl.engine.hooks.gradient_health_hook import GradientHealthHook
from mmvmtl.engine.hooks.l2sp_hook import L2SPHook
from mmvmtl.engine.hooks.metadata_hook import MetadataHook
from mmvmtl.engine.hooks.teacher_hook import TeacherHook
from mmvmtl.engine.hooks.telemetry_hook import TelemetryHook
from mmvmtl.engine.hooks.video_order_hook import VideoOrderHook
from mmvmtl.engine.hooks.visualization_hook import VideoVisualizationHook

__all__ = [
    'AdaptiveBatchNormHook',
    'ClassCheckHook',
    'DomainAdversarialHook',
    'FinetuneCheckpointHook',
    'FreezeHook',
    'FreshEpochHook',
    'GradientHealthHook',
    'L2SPHook',
    'MetadataHook',
    'TeacherHook',
    'TelemetryHook',
    'VideoOrderHook',
    'VideoVisualizationHook',
]
