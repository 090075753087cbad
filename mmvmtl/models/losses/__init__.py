"""Losses of single tasks, and their weighting."""

from mmvmtl.models.losses.contrastive_loss import InstanceContrastiveLoss
from mmvmtl.models.losses.normalise import global_mean
from mmvmtl.models.losses.weighted_mtl_loss import WeightedMTLLoss

__all__ = ['InstanceContrastiveLoss', 'WeightedMTLLoss', 'global_mean']
