"""Comparing domains: adversaries, alignment, style mixing."""

from mmvmtl.models.domain.clips import clip_domain_batch
from mmvmtl.models.domain.coral import CORAL
from mmvmtl.models.domain.discriminators import (
    ImageDiscriminator,
    InstanceDiscriminator,
)
from mmvmtl.models.domain.domain_adversary import DomainAdversary
from mmvmtl.models.domain.domain_alignment import DomainAlignment
from mmvmtl.models.domain.gradient_reversal import GradientReversal
from mmvmtl.models.domain.mixstyle import MixStyle, MixStyleBackbone
from mmvmtl.models.domain.mmd import MMD

__all__ = [
    'CORAL',
    'MMD',
    'DomainAdversary',
    'DomainAlignment',
    'GradientReversal',
    'ImageDiscriminator',
    'InstanceDiscriminator',
    'MixStyle',
    'MixStyleBackbone',
    'clip_domain_batch',
]
