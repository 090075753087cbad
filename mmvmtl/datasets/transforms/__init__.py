"""Transforms of clip dicts; boxes, ids and velocities stay consistent."""

from mmvmtl.datasets.transforms.affine import ClipRandomAffine
from mmvmtl.datasets.transforms.clip_transform import ClipTransform
from mmvmtl.datasets.transforms.flip import ClipRandomFlip
from mmvmtl.datasets.transforms.frame_of_clip import FrameOfClip
from mmvmtl.datasets.transforms.loading import LoadVideoFrames
from mmvmtl.datasets.transforms.packing import PackVideoInputs
from mmvmtl.datasets.transforms.photometric import ClipPhotometric
from mmvmtl.datasets.transforms.resize import ClipResize
from mmvmtl.datasets.transforms.set_domain import SetDomain
from mmvmtl.datasets.transforms.two_views import TwoViews

__all__ = [
    'ClipPhotometric',
    'ClipRandomAffine',
    'ClipRandomFlip',
    'ClipResize',
    'ClipTransform',
    'FrameOfClip',
    'LoadVideoFrames',
    'PackVideoInputs',
    'SetDomain',
    'TwoViews',
]
