"""Detect, classify and track in video with one network on OpenMMLab."""

from mmvmtl.version import __version__

__all__ = ['__version__']
