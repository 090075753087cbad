"""The detector, and what wraps others to train them as it does."""

from mmvmtl.models.detectors.domain_adaptive_detector import (
    DomainAdaptiveDetector,
)
from mmvmtl.models.detectors.domain_adaptive_recognizer import (
    DomainAdaptiveRecognizer,
)
from mmvmtl.models.detectors.mldg import MLDG
from mmvmtl.models.detectors.mtl_wrapper import MTLWrapper
from mmvmtl.models.detectors.video_mtl_detector import VideoMTLDetector

__all__ = [
    'MLDG',
    'DomainAdaptiveDetector',
    'DomainAdaptiveRecognizer',
    'MTLWrapper',
    'VideoMTLDetector',
]
