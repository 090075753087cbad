"""Hooks, one idea a file."""

from mmvmtl.engine.hooks.class_check_hook import ClassCheckHook
from mmvmtl.engine.hooks.fresh_epoch_hook import FreshEpochHook
from mmvmtl.engine.hooks.metadata_hook import MetadataHook
from mmvmtl.engine.hooks.teacher_hook import TeacherHook
from mmvmtl.engine.hooks.visualization_hook import VideoVisualizationHook

__all__ = [
    'ClassCheckHook',
    'FreshEpochHook',
    'MetadataHook',
    'TeacherHook',
    'VideoVisualizationHook',
]
