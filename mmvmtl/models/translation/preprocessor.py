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
            UserError: If clips differ in size, also between domains.
        """
        data = self.cast_data(data)
        sizes = {
            tuple(clip.shape[-2:]) for clips in data.values() for clip in clips
        }
        if len(sizes) > 1:
            raise UserError(
                f'images of {" and ".join(data)} have the sizes '
                f'{sorted(sizes)}; resize or crop them to one, say with '
                'mmvmtl.ClipResize(keep_ratio=False).'
            )
        return {
            domain: to_unit(torch.cat(list(clips)))
            for domain, clips in data.items()
        }
