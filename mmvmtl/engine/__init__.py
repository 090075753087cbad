"""What a training loop needs around the model: hooks and wrappers."""

from mmvmtl.engine.alternating_optim_wrapper import (
    AlternatingAmpOptimWrapper,
    AlternatingOptimWrapper,
)
from mmvmtl.engine.amp_optim_wrapper import AmpOptimWrapper
from mmvmtl.engine.ddp import (
    DistributedDataParallel,
    rewrap,
    set_model_wrapper,
)
from mmvmtl.engine.hooks import *
from mmvmtl.engine.layer_decay import LayerDecayConstructor
from mmvmtl.engine.muon import Muon

__all__ = [
    'AlternatingAmpOptimWrapper',
    'AlternatingOptimWrapper',
    'AmpOptimWrapper',
    'DistributedDataParallel',
    'LayerDecayConstructor',
    'Muon',
    'rewrap',
    'set_model_wrapper',
]
