"""Small backbones that MMDetection does not have."""

from mmvmtl.models.backbones.shufflenet_v2 import ShuffleNetV2

__all__ = ['ShuffleNetV2']
