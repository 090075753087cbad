"""Replace source frames by what a trained generator makes of them."""

from __future__ import annotations

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from mmvmtl.errors import UserError
from mmvmtl.pixels import to_pixels, to_unit
from mmvmtl.registry import MODELS, TRANSFORMS
from mmvmtl.weights import read_checkpoint


@TRANSFORMS.register_module()
class TranslateDomain(BaseTransform):
    """Translate clips of the source domain, labels kept.

    The generator of a ``mmvmtl.UnpairedTranslator`` runs on the CPU, in the
    process that loads the data. Either all frames of a clip are translated
    or none, so objects keep their looks.

    Args:
        checkpoint (str): of the translator; read as data, never run.
        prob (float): part of the clips that is translated, 0..1.
        generator (dict, optional): config of the generator; the default one
            if left out.
        domain (str): whose look is wanted: ``'target'`` or ``'source'``.

    Raises:
        UserError: If the checkpoint is missing, no data, holds no
            translator, or one of another architecture.
    """

    def __init__(
        self,
        checkpoint: str,
        prob: float = 0.5,
        generator: dict | None = None,
        domain: str = 'target',
    ) -> None:
        self.prob = prob
        self.generator = MODELS.build(
            generator or dict(type='mmvmtl.TranslationGenerator')
        )
        prefix = f'generators.{domain}.'
        # Trained by several processes, the part has a DDP wrapper around it.
        state = {
            name.replace('generators.module.', 'generators.', 1): value
            for name, value in read_checkpoint(checkpoint)[
                'state_dict'
            ].items()
        }
        weights = {
            name.removeprefix(prefix): value
            for name, value in state.items()
            if name.startswith(prefix)
        }
        if not weights:
            raise UserError(
                f'the checkpoint {checkpoint} has no generator of domain '
                f'{domain!r}; give one of a mmvmtl.UnpairedTranslator.'
            )
        have = {k: v.shape for k, v in self.generator.state_dict().items()}
        if have != {k: v.shape for k, v in weights.items()}:
            raise UserError(
                f'the generator in {checkpoint} is of another architecture '
                'than mmvmtl.TranslateDomain builds; give it the config of '
                "the translator's generator."
            )
        self.generator.load_state_dict(weights)
        self.generator.eval()

    def transform(self, results: dict) -> dict:
        """Translate the frames of the clip dict, or leave it as it is."""
        if np.random.rand() >= self.prob:
            return results
        frames = results['frames']
        clip = np.stack([frame['img'] for frame in frames])
        for frame, image in zip(frames, self.translate(clip), strict=True):
            frame['img'] = image
        return results

    @torch.no_grad()
    def translate(self, clip: np.ndarray) -> np.ndarray:
        """Translate frames (T, H, W, 3) uint8; the same shape and type."""
        images = torch.from_numpy(clip).permute(0, 3, 1, 2)
        pixels = to_pixels(self.generator(to_unit(images)))
        return pixels.permute(0, 2, 3, 1).contiguous().numpy()
