"""Losses of single tasks, and their weighting."""

from mmvmtl.models.losses.base_weighting import BaseWeighting
from mmvmtl.models.losses.contrastive_loss import InstanceContrastiveLoss
from mmvmtl.models.losses.dwa import DWA
from mmvmtl.models.losses.famo import FAMO
from mmvmtl.models.losses.gls import GLS
from mmvmtl.models.losses.imtl_l import IMTLL
from mmvmtl.models.losses.loss_scale_norm import LossScaleNorm
from mmvmtl.models.losses.normalise import global_mean
from mmvmtl.models.losses.rlw import RLW
from mmvmtl.models.losses.uncertainty_weighting import UncertaintyWeighting
from mmvmtl.models.losses.weighted_mtl_loss import WeightedMTLLoss

__all__ = [
    'DWA',
    'FAMO',
    'GLS',
    'IMTLL',
    'RLW',
    'BaseWeighting',
    'InstanceContrastiveLoss',
    'LossScaleNorm',
    'UncertaintyWeighting',
    'WeightedMTLLoss',
    'global_mean',
]
