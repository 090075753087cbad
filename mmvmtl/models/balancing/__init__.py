"""Balancing of task gradients: one method a file."""

from mmvmtl.models.balancing.aligned_mtl import AlignedMTL
from mmvmtl.models.balancing.alpha_fair import FairGrad, NashMTL
from mmvmtl.models.balancing.balancer import Balancer
from mmvmtl.models.balancing.cagrad import CAGrad
from mmvmtl.models.balancing.cut import Cut
from mmvmtl.models.balancing.dualproj import DualProj
from mmvmtl.models.balancing.gradnorm import GradNorm
from mmvmtl.models.balancing.gradvac import GradVac
from mmvmtl.models.balancing.gramian import (
    feature_gramian,
    parameter_gramian,
)
from mmvmtl.models.balancing.gramian_weighting import (
    GramianWeighting,
    gramian_weightings,
)
from mmvmtl.models.balancing.imtl_g import IMTLG
from mmvmtl.models.balancing.mgda import MGDA
from mmvmtl.models.balancing.pcgrad import PCGrad
from mmvmtl.models.balancing.task_gradients import (
    shared_parameters,
    task_gradients,
    view_gradients,
)
from mmvmtl.models.balancing.upgrad import UPGrad

__all__ = [
    'IMTLG',
    'MGDA',
    'AlignedMTL',
    'Balancer',
    'CAGrad',
    'Cut',
    'DualProj',
    'FairGrad',
    'GradNorm',
    'GradVac',
    'GramianWeighting',
    'NashMTL',
    'PCGrad',
    'UPGrad',
    'feature_gramian',
    'gramian_weightings',
    'parameter_gramian',
    'shared_parameters',
    'task_gradients',
    'view_gradients',
]
