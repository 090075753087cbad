"""The detector."""

from mmvmtl.models.detectors.video_mtl_detector import VideoMTLDetector

__all__ = ['VideoMTLDetector']
