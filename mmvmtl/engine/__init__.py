"""What a training loop needs around the model: hooks and wrappers."""

from mmvmtl.engine.alternating_optim_wrapper import (
    AlternatingAmpOptimWrapper,
    AlternatingOptimWrapper,
)
from mmvmtl.engine.amp_optim_wrapper import AmpOptimWrapper
from mmvmtl.engine.ddp import (
    DistributedDataParallel,
    SeparateDistributedDataParallel,
    rewrap,
    set_model_wrapper,
)
from mmvmtl.engine.hooks import *
from mmvmtl.engine.layer_decay import LayerDecayConstructor
from mmvmtl.engine.loops import MetaTrainLoop
from mmvmtl.engine.muon import Muon
from mmvmtl.engine.optim_wrapper_per_module import OptimWrapperPerModule

__all__ = [
    'AlternatingAmpOptimWrapper',
    'AlternatingOptimWrapper',
    'AmpOptimWrapper',
    'DistributedDataParallel',
    'LayerDecayConstructor',
    'MetaTrainLoop',
    'Muon',
    'OptimWrapperPerModule',
    'SeparateDistributedDataParallel',
    'rewrap',
    'set_model_wrapper',
]
