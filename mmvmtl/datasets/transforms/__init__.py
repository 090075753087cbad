"""Transforms of clip dicts; boxes, ids and velocities stay consistent."""

from mmvmtl.datasets.transforms.affine import ClipRandomAffine
from mmvmtl.datasets.transforms.blur_and_noise import BlurAndNoise
from mmvmtl.datasets.transforms.clip_transform import ClipTransform
from mmvmtl.datasets.transforms.flip import ClipRandomFlip
from mmvmtl.datasets.transforms.frame_of_clip import FrameOfClip
from mmvmtl.datasets.transforms.keep_classes import KeepClasses
from mmvmtl.datasets.transforms.loading import LoadVideoFrames
from mmvmtl.datasets.transforms.packing import PackVideoInputs
from mmvmtl.datasets.transforms.photometric import ClipPhotometric
from mmvmtl.datasets.transforms.resize import ClipResize
from mmvmtl.datasets.transforms.set_domain import SetDomain
from mmvmtl.datasets.transforms.style_transfer import (
    ColourTransfer,
    FourierDomainTransfer,
)
from mmvmtl.datasets.transforms.translate_domain import TranslateDomain
from mmvmtl.datasets.transforms.two_views import TwoViews

__all__ = [
    'BlurAndNoise',
    'ClipPhotometric',
    'ClipRandomAffine',
    'ClipRandomFlip',
    'ClipResize',
    'ClipTransform',
    'ColourTransfer',
    'FourierDomainTransfer',
    'FrameOfClip',
    'KeepClasses',
    'LoadVideoFrames',
    'PackVideoInputs',
    'SetDomain',
    'TranslateDomain',
    'TwoViews',
]
