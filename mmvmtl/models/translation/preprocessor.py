"""From clips of two domains to two batches of images in -1..1."""

from __future__ import annotations

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.pixels import to_unit
from mmvmtl.registry import MODELS


@MODELS.register_module()
class TranslationDataPreprocessor(BaseDataPreprocessor):
    """Join the clips of each domain; see :func:`to_unit`."""

    def forward(
        self, data: dict[str, list[Tensor]], training: bool = False
    ) -> dict[str, Tensor]:
        """Map lists of uint8 clips (T, 3, H, W) to images (M, 3, H, W).

        Raises:
            UserError: If clips of a domain differ in size.
        """
        data = self.cast_data(data)
        out = {}
        for domain, clips in data.items():
            sizes = {tuple(clip.shape[-2:]) for clip in clips}
            if len(sizes) > 1:
                raise UserError(
                    f'images of {domain} have the sizes {sorted(sizes)}; '
                    'resize them to one with mmvmtl.ClipResize('
                    'keep_ratio=False).'
                )
            out[domain] = to_unit(torch.cat(list(clips)))
        return out
