"""What a training loop needs around the model: hooks and wrappers."""

from mmvmtl.engine.amp_optim_wrapper import AmpOptimWrapper
from mmvmtl.engine.ddp import (
    DistributedDataParallel,
    SeparateDistributedDataParallel,
    set_model_wrapper,
)
from mmvmtl.engine.hooks import *
from mmvmtl.engine.loops import MetaTrainLoop
from mmvmtl.engine.muon import Muon
from mmvmtl.engine.optim_wrapper_per_module import OptimWrapperPerModule

__all__ = [
    'AmpOptimWrapper',
    'DistributedDataParallel',
    'MetaTrainLoop',
    'Muon',
    'OptimWrapperPerModule',
    'SeparateDistributedDataParallel',
    'set_model_wrapper',
]
