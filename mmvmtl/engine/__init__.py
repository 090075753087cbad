"""What a training loop needs around the model: hooks and wrappers."""

from mmvmtl.engine.amp_optim_wrapper import AmpOptimWrapper
from mmvmtl.engine.ddp import DistributedDataParallel, set_model_wrapper
from mmvmtl.engine.hooks import *

__all__ = ['AmpOptimWrapper', 'DistributedDataParallel', 'set_model_wrapper']
