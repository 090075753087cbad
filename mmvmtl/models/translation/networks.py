"""The two networks of the translation game, small enough for a CPU."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmvmtl.registry import MODELS


def _block(
    in_channels: int, channels: int, kernel: int, stride: int = 1
) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(
            in_channels,
            channels,
            kernel,
            stride,
            kernel // 2,
            padding_mode='reflect',
        ),
        nn.InstanceNorm2d(channels, affine=True),
        nn.ReLU(),
    )


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.block = _block(channels, channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.block(x)


@MODELS.register_module()
class TranslationGenerator(BaseModule):
    """A residual encoder and decoder that changes a picture's look.

    In the manner of `Johnson et al., ECCV 2016
    <https://arxiv.org/abs/1603.08155>`_: two strided convolutions, residual
    blocks at a quarter of the resolution, two upsamplings. It predicts what
    to add to the picture and begins with nothing, so a fresh one is the
    identity and objects stay where they are. The last convolution sees the
    picture itself beside the features, whose norm layers have taken its
    brightness and contrast away.

    Args:
        channels (int): width at full resolution; doubled twice.
        blocks (int): residual blocks.
        init_cfg (dict, optional): initialisation of MMEngine.
    """

    def __init__(
        self,
        channels: int = 12,
        blocks: int = 3,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.encode = nn.Sequential(
            _block(3, channels, 7),
            _block(channels, 2 * channels, 3, stride=2),
            _block(2 * channels, 4 * channels, 3, stride=2),
            *(_Residual(4 * channels) for _ in range(blocks)),
        )
        self.decode = nn.ModuleList(
            [
                _block(4 * channels, 2 * channels, 3),
                _block(2 * channels, channels, 3),
            ]
        )
        self.change = nn.Conv2d(channels + 3, 3, 7, padding=3)
        nn.init.zeros_(self.change.weight)
        nn.init.zeros_(self.change.bias)

    def forward(self, images: Tensor) -> Tensor:
        """Translate ``images`` (N, 3, H, W) in -1..1; the same shape."""
        height, width = images.shape[-2:]
        # Two halvings; reflection would need more than there may be.
        pad = (0, -width % 4, 0, -height % 4)
        whole = F.pad(images, pad, mode='replicate')
        x = self.encode(whole)
        for block in self.decode:
            x = block(F.interpolate(x, scale_factor=2.0))
        change = self.change(torch.cat([x, whole], dim=1))
        return (images + change[..., :height, :width]).clamp(-1, 1)


@MODELS.register_module()
class PatchDiscriminator(BaseModule):
    """Tell of every patch whether it is real.

    `Isola et al., CVPR 2017 <https://arxiv.org/abs/1611.07004>`_: three
    strided convolutions, so a score looks at 46 × 46 pixels.

    Args:
        channels (int): width of the first convolution; doubled twice.
        init_cfg (dict, optional): initialisation of MMEngine.
    """

    def __init__(
        self, channels: int = 12, init_cfg: dict | None = None
    ) -> None:
        super().__init__(init_cfg)
        layers: list[nn.Module] = []
        width = 3
        for index, scale in enumerate((1, 2, 4)):
            layers.append(nn.Conv2d(width, scale * channels, 4, 2, 1))
            width = scale * channels
            if index:
                layers.append(nn.InstanceNorm2d(width, affine=True))
            layers.append(nn.LeakyReLU(0.2))
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, 1, 4, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Scores (N, 1, h, w) of ``images`` (N, 3, H, W) in -1..1."""
        return self.layers(images)


class ImagePool:
    """Translations of earlier steps, so that a judge forgets none of them.

    `Shrivastava et al., CVPR 2017 <https://arxiv.org/abs/1612.07828>`_. Of a
    full pool each image is swapped with a random stored one with probability
    one half. A resumed run begins with an empty pool.

    Args:
        size (int): images kept; 0 gives back what comes.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.images: list[Tensor] = []

    def exchange(self, images: Tensor) -> Tensor:
        """As many images as ``images`` (N, 3, H, W), some of them old."""
        given = []
        for image in images.detach():
            if len(self.images) < self.size:
                self.images.append(image)
            elif self.size and torch.rand(()) < 0.5:
                slot = int(torch.randint(self.size, ()))
                image, self.images[slot] = self.images[slot], image
            given.append(image)
        return torch.stack(given)
