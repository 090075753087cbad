"""The detector, and what makes a stock one a model of several tasks."""

from mmvmtl.models.detectors.mtl_wrapper import MTLWrapper
from mmvmtl.models.detectors.video_mtl_detector import VideoMTLDetector

__all__ = ['MTLWrapper', 'VideoMTLDetector']
