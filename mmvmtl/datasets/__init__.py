"""Data sets of video clips, their transforms and samplers."""

from mmvmtl.datasets.importance_sampler import ImportanceSampler
from mmvmtl.datasets.joined_dataset import JoinedDataset
from mmvmtl.datasets.mixed_sampler import MixedBatchSampler
from mmvmtl.datasets.mot_dataset import MOTVideoDataset
from mmvmtl.datasets.samplers import VideoSampler
from mmvmtl.datasets.segment_dataset import SegmentVideoDataset
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
    TwoViews,
)
from mmvmtl.datasets.video_dataset import VideoMTLDataset
from mmvmtl.datasets.yolo_dataset import YOLOImageDataset

__all__ = [
    'ClipPhotometric',
    'ClipRandomAffine',
    'ClipRandomFlip',
    'ClipResize',
    'FrameOfClip',
    'ImportanceSampler',
    'JoinedDataset',
    'LoadVideoFrames',
    'MOTVideoDataset',
    'MixedBatchSampler',
    'PackVideoInputs',
    'SegmentVideoDataset',
    'SetDomain',
    'SyntheticVideoDataset',
    'TwoViews',
    'VideoMTLDataset',
    'VideoSampler',
    'YOLOImageDataset',
]
