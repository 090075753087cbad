"""Training loops."""

from mmvmtl.engine.loops.inner_loop import descend, model_loss, named_parts
from mmvmtl.engine.loops.meta_train_loop import MetaTrainLoop

__all__ = ['MetaTrainLoop', 'descend', 'model_loss', 'named_parts']
