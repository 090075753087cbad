"""Data sets of video clips, their transforms and samplers."""

from mmvmtl.datasets.importance_sampler import ImportanceSampler
from mmvmtl.datasets.mot_dataset import MOTVideoDataset
from mmvmtl.datasets.samplers import VideoSampler
from mmvmtl.datasets.synthetic import SyntheticVideoDataset
from mmvmtl.datasets.transforms import (
    ClipPhotometric,
    ClipRandomAffine,
    ClipRandomFlip,
    ClipResize,
    FrameOfClip,
    LoadVideoFrames,
    PackVideoInputs,
    SetDomain,
)
from mmvmtl.datasets.video_dataset import VideoMTLDataset

__all__ = [
    'ClipPhotometric',
    'ClipRandomAffine',
    'ClipRandomFlip',
    'ClipResize',
    'FrameOfClip',
    'ImportanceSampler',
    'LoadVideoFrames',
    'MOTVideoDataset',
    'PackVideoInputs',
    'SetDomain',
    'SyntheticVideoDataset',
    'VideoMTLDataset',
    'VideoSampler',
]
