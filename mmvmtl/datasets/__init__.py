"""Data sets of video clips, their transforms and samplers."""

from mmvmtl.datasets.episodes import EpisodeDataset
from mmvmtl.datasets.mot_dataset import MOTVideoDataset
from mmvmtl.datasets.samplers import VideoSampler
from mmvmtl.datasets.synthetic import SyntheticVideoDataset
from mmvmtl.datasets.transforms import (
    BlurAndNoise,
    ClipPhotometric,
    ClipRandomAffine,
    ClipRandomFlip,
    ClipResize,
    ColourTransfer,
    FourierDomainTransfer,
    FrameOfClip,
    KeepClasses,
    LoadVideoFrames,
    PackVideoInputs,
    TranslateDomain,
)
from mmvmtl.datasets.unpaired_domains import UnpairedDomains
from mmvmtl.datasets.video_dataset import VideoMTLDataset

__all__ = [
    'BlurAndNoise',
    'ClipPhotometric',
    'ClipRandomAffine',
    'ClipRandomFlip',
    'ClipResize',
    'ColourTransfer',
    'EpisodeDataset',
    'FourierDomainTransfer',
    'FrameOfClip',
    'KeepClasses',
    'LoadVideoFrames',
    'MOTVideoDataset',
    'PackVideoInputs',
    'SyntheticVideoDataset',
    'TranslateDomain',
    'UnpairedDomains',
    'VideoMTLDataset',
    'VideoSampler',
]
