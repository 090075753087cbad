"""ShuffleNetV2 with the names of its authors' checkpoints."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmvmtl.errors import UserError
from mmvmtl.registry import MODELS

#: Channels of the first convolution and of the three stages, by width.
CHANNELS = {
    '0.5x': (24, 48, 96, 192),
    '1.0x': (24, 116, 232, 464),
    '1.5x': (24, 176, 352, 704),
    '2.0x': (24, 244, 488, 976),
}
BLOCKS = (4, 8, 4)
STAGES = ('stage2', 'stage3', 'stage4')


def _pointwise(channels_in: int, channels_out: int) -> list[nn.Module]:
    return [
        nn.Conv2d(channels_in, channels_out, 1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    ]


def _depthwise(channels: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(
            channels, channels, 3, stride, 1, groups=channels, bias=False
        ),
        nn.BatchNorm2d(channels),
    ]


class ShuffleBlock(nn.Module):
    """Half of the channels pass, half are convolved; then they alternate.

    With ``stride`` 2 both halves see all channels of the input.

    Args:
        channels_in (int): of the input.
        channels_out (int): of the output; at stride 1 the same, and even.
        stride (int): 1 or 2.
    """

    def __init__(
        self, channels_in: int, channels_out: int, stride: int
    ) -> None:
        super().__init__()
        width = channels_out // 2
        self.stride = stride
        enter = channels_in if stride == 2 else channels_in // 2
        leave = channels_out - enter
        self.branch_main = nn.Sequential(
            *_pointwise(enter, width),
            *_depthwise(width, stride),
            *_pointwise(width, leave),
        )
        if stride == 2:
            self.branch_proj = nn.Sequential(
                *_depthwise(enter, stride), *_pointwise(enter, enter)
            )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C_in, H, W) to (N, C_out, H / stride, W / stride)."""
        if self.stride == 2:
            return torch.cat([self.branch_proj(x), self.branch_main(x)], 1)
        # Every second channel, so that the halves mix from block to block.
        return torch.cat([x[:, ::2], self.branch_main(x[:, 1::2])], 1)


@MODELS.register_module()
class ShuffleNetV2(BaseModule):
    """A backbone of 0.2 to 5 million parameters for CPUs.

    `Ma et al., ECCV 2018 <https://arxiv.org/abs/1807.11164>`_. Names of
    parameters are those of the authors' and FastestDet's checkpoints
    (``first_conv``, ``stage2.0.branch_main.0`` ...), which therefore load
    as they are; the layer before the classifier is not part of it. Strides
    of the stages: 8, 16, 32. FastestDet's were trained on BGR / 255.

    Args:
        width (str): '0.5x', '1.0x', '1.5x' or '2.0x'.
        out_indices (Sequence[int]): which of the three stages come out.
        init_cfg (dict, optional): initialisation of MMEngine.

    Raises:
        ValueError: for another width or stage.
    """

    def __init__(
        self,
        width: str = '0.5x',
        out_indices: Sequence[int] = (0, 1, 2),
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            init_cfg
            or [
                dict(type='Kaiming', layer='Conv2d'),
                dict(type='Constant', val=1, layer='BatchNorm2d'),
            ]
        )
        if width not in CHANNELS:
            raise UserError(
                f"width='{width}' of ShuffleNetV2 is unknown: use "
                f'{", ".join(CHANNELS)}'
            )
        if not out_indices or not set(out_indices) <= set(range(len(STAGES))):
            raise UserError(
                f'out_indices={tuple(out_indices)} of ShuffleNetV2 must be '
                'some of 0, 1, 2'
            )
        self.out_indices = tuple(out_indices)
        first, *rest = CHANNELS[width]
        self.first_conv = nn.Sequential(
            nn.Conv2d(3, first, 3, 2, 1, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(inplace=True),
        )
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        channels_in = first
        for stage, channels, count in zip(STAGES, rest, BLOCKS):
            blocks = [ShuffleBlock(channels_in, channels, 2)]
            blocks += [
                ShuffleBlock(channels, channels, 1) for _ in range(count - 1)
            ]
            self.add_module(stage, nn.Sequential(*blocks))
            channels_in = channels

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Features of the chosen stages, of images (N, 3, H, W)."""
        x = self.maxpool(self.first_conv(x))
        out = []
        for index, stage in enumerate(STAGES):
            x = self.get_submodule(stage)(x)
            if index in self.out_indices:
                out.append(x)
        return tuple(out)
