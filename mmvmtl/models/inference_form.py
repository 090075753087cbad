"""A trained network rewritten so that it predicts faster."""

from __future__ import annotations

import torch
from mmcv.cnn import ConvModule
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval


def to_inference_form(model: nn.Module) -> nn.Module:
    """Fold norm layers into convolutions; on the CPU, channels come last.

    What it predicts stays the same but for rounding. It is done in place,
    and the model can not be trained afterwards.

    Args:
        model (nn.Module): in eval mode, on its device.

    Raises:
        ValueError: if the model is in training mode.
    """
    if model.training:
        raise ValueError('only a model in eval mode has its inference form')
    # RTMDet's levels share convolutions but not statistics, and MMCV's own
    # fuse_conv_bn would change the one convolution once for each level.
    for module in list(model.modules()):
        if isinstance(module, ConvModule) and _foldable(module):
            conv, norm = module.conv, module.norm
            module.conv = fuse_conv_bn_eval(conv, norm)
            setattr(module, module.norm_name, nn.Identity())
    if _takes_channels_last(model):
        model.to(memory_format=torch.channels_last)
    return model


def _foldable(module: ConvModule) -> bool:
    """Whether it is a convolution, then a batch norm with statistics."""
    norm = module.norm if module.with_norm else None
    return (
        isinstance(module.conv, nn.Conv2d)
        and not module.with_spectral_norm
        and module.order[:2] == ('conv', 'norm')
        and isinstance(norm, _BatchNorm)
        and isinstance(norm.running_mean, Tensor)
    )


def _takes_channels_last(model: nn.Module) -> bool:
    """Whether it is on the CPU and has no operator of MMCV's.

    Those read maps as if they were contiguous: ``RoIAlign`` returns wrong
    numbers for others, deformable convolutions refuse them.
    """
    return all(p.device.type == 'cpu' for p in model.parameters()) and not any(
        type(m).__module__.startswith('mmcv.ops') for m in model.modules()
    )
