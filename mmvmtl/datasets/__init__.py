"""Data sets of video clips, their transforms and samplers."""

from mmvmtl.datasets.samplers import VideoSampler
from mmvmtl.datasets.synthetic import SyntheticVideoDataset
from mmvmtl.datasets.transforms import (
    ClipPhotometric,
    ClipRandomAffine,
    ClipRandomFlip,
    ClipResize,
    LoadVideoFrames,
    PackVideoInputs,
)

__all__ = [
    'ClipPhotometric',
    'ClipRandomAffine',
    'ClipRandomFlip',
    'ClipResize',
    'LoadVideoFrames',
    'PackVideoInputs',
    'SyntheticVideoDataset',
    'VideoSampler',
]
