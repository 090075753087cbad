"""From clips of two domains to two batches of images in -1..1."""

from __future__ import annotations

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from mmvmtl.registry import MODELS


def to_unit(images: Tensor) -> Tensor:
    """Pixels 0..255 as numbers -1..1, float32."""
    return images.float() / 127.5 - 1


def to_pixels(images: Tensor) -> Tensor:
    """Numbers -1..1 as pixels 0..255, uint8, rounded."""
    return ((images + 1) * 127.5).round().clamp(0, 255).byte()


@MODELS.register_module()
class TranslationDataPreprocessor(BaseDataPreprocessor):
    """Join the clips of each domain; see :func:`to_unit`."""

    def forward(
        self, data: dict[str, list[Tensor]], training: bool = False
    ) -> dict[str, Tensor]:
        """Map lists of uint8 clips (T, 3, H, W) to images (M, 3, H, W).

        Raises:
            ValueError: If clips of a domain differ in size.
        """
        data = self.cast_data(data)
        out = {}
        for domain, clips in data.items():
            sizes = {tuple(clip.shape[-2:]) for clip in clips}
            if len(sizes) > 1:
                raise ValueError(
                    f'images of {domain} have the sizes {sorted(sizes)}; '
                    'resize them to one with mmvmtl.ClipResize('
                    'keep_ratio=False).'
                )
            out[domain] = to_unit(torch.cat(list(clips)))
        return out
