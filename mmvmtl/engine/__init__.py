"""What a training loop needs around the model: hooks and wrappers."""

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
    'AmpOptimWrapper',
    'DistributedDataParallel',
    'LayerDecayConstructor',
    'Muon',
    'rewrap',
    'set_model_wrapper',
]
