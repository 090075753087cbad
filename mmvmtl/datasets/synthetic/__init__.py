"""The synthetic video world: labelled videos out of a seed."""

from .dataset import SyntheticVideoDataset
from .motion import MOTIONS
from .shapes import CLASSES
from .styles import STYLES
from .world import SPLITS, SyntheticVideo, SyntheticWorld, make_world

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
