"""Draw boxes, identities, trails, velocities and labels into frames."""

from mmvmtl.visualization.artist import FrameArtist
from mmvmtl.visualization.visualizer import VideoMTLVisualizer

__all__ = ['FrameArtist', 'VideoMTLVisualizer']
