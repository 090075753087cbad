"""The synthetic video world: labelled videos out of a seed."""

from mmvmtl.datasets.synthetic.dataset import SyntheticVideoDataset
from mmvmtl.datasets.synthetic.motion import MOTIONS
from mmvmtl.datasets.synthetic.shapes import CLASSES
from mmvmtl.datasets.synthetic.styles import STYLES
from mmvmtl.datasets.synthetic.world import (
    SPLITS,
    SyntheticVideo,
    SyntheticWorld,
    make_world,
)

__all__ = [
    'CLASSES',
    'MOTIONS',
    'SPLITS',
    'STYLES',
    'SyntheticVideo',
    'SyntheticVideoDataset',
    'SyntheticWorld',
    'make_world',
]
