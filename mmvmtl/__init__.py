"""Detect, classify and track in video with one network on OpenMMLab."""

from mmvmtl import compat
from mmvmtl.version import __version__

# First of all, so that whatever is imported later is already mended.
compat.apply()

__all__ = ['__version__']
