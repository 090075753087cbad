"""Data sets of video clips, their transforms and samplers."""

from mmvmtl.datasets.episodes import EpisodeDataset
from mmvmtl.datasets.importance_sampler import ImportanceSampler
from mmvmtl.datasets.joined_dataset import JoinedDataset
from mmvmtl.datasets.mixed_sampler import MixedBatchSampler
from mmvmtl.datasets.mot_dataset import MOTVideoDataset
from mmvmtl.datasets.samplers import VideoSampler
from mmvmtl.datasets.segment_dataset import SegmentVideoDataset
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
    SetDomain,
    TranslateDomain,
    TwoViews,
)
from mmvmtl.datasets.unpaired_domains import UnpairedDomains
from mmvmtl.datasets.video_dataset import VideoMTLDataset
from mmvmtl.datasets.yolo_dataset import YOLOImageDataset

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
    'ImportanceSampler',
    'JoinedDataset',
    'KeepClasses',
    'LoadVideoFrames',
    'MOTVideoDataset',
    'MixedBatchSampler',
    'PackVideoInputs',
    'SegmentVideoDataset',
    'SetDomain',
    'SyntheticVideoDataset',
    'TranslateDomain',
    'TwoViews',
    'UnpairedDomains',
    'VideoMTLDataset',
    'VideoSampler',
    'YOLOImageDataset',
]
