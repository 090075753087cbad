"""Image translation from one domain to another, learned without pairs."""

from mmvmtl.models.translation.networks import (
    PatchDiscriminator,
    TranslationGenerator,
)
from mmvmtl.models.translation.preprocessor import (
    TranslationDataPreprocessor,
)
from mmvmtl.models.translation.unpaired_translator import UnpairedTranslator

__all__ = [
    'PatchDiscriminator',
    'TranslationDataPreprocessor',
    'TranslationGenerator',
    'UnpairedTranslator',
]
