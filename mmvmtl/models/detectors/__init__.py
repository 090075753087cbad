"""The detector, and what wraps detectors to train them otherwise."""

from mmvmtl.models.detectors.domain_adaptive_detector import (
    DomainAdaptiveDetector,
)
from mmvmtl.models.detectors.mldg import MLDG
from mmvmtl.models.detectors.video_mtl_detector import VideoMTLDetector

__all__ = ['MLDG', 'DomainAdaptiveDetector', 'VideoMTLDetector']
