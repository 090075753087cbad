"""Hooks, one idea a file."""

from mmvmtl.engine.hooks.class_check_hook import ClassCheckHook
from mmvmtl.engine.hooks.fresh_epoch_hook import FreshEpochHook
from mmvmtl.engine.hooks.metadata_hook import MetadataHook

__all__ = ['ClassCheckHook', 'FreshEpochHook', 'MetadataHook']
