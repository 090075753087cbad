"""What users call: the inferencer, checkpoints, sources of frames."""

from mmvmtl.apis.checkpoint import LoadedModel, load_model, read_checkpoint
from mmvmtl.apis.inferencer import FrameResult, VideoMTLInferencer
from mmvmtl.apis.sources import open_source

__all__ = [
    'FrameResult',
    'LoadedModel',
    'VideoMTLInferencer',
    'load_model',
    'open_source',
    'read_checkpoint',
]
