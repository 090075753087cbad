"""Mix the styles of frames: new domains between those at hand."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmvmtl.errors import UserError
from mmvmtl.models.bare_weights import give_bare_weights
from mmvmtl.registry import MODELS


@MODELS.register_module()
class MixStyle(nn.Module):
    r"""Exchange a part of each frame's feature statistics with another's.

    `Zhou et al., ICLR 2021 <https://arxiv.org/abs/2104.02008>`_, with mean
    and deviation over the cells of each frame and channel:

    .. math:: (\beta \sigma + (1 - \beta) \sigma') \frac{x - \mu}{\sigma}
        + \beta \mu + (1 - \beta) \mu', \quad
        \beta \sim \operatorname{Beta}(\alpha, \alpha)

    Only in training; statistics carry no gradient, as published. The other
    frame is drawn from the batch of this process.

    Args:
        prob (float): probability that a batch is mixed, 0..1.
        alpha (float): :math:`\alpha > 0`.
        eps (float): added to the variance, in squared units of x.
    """

    def __init__(
        self, prob: float = 0.5, alpha: float = 0.1, eps: float = 1e-6
    ) -> None:
        super().__init__()
        self.prob = prob
        self.alpha = alpha
        self.eps = eps

    def forward(self, feat: Tensor) -> Tensor:
        """Mix a map (M, C, H, W)."""
        if not self.training or torch.rand(()) >= self.prob:
            return feat
        mix = torch.distributions.Beta(self.alpha, self.alpha)
        share = mix.sample((len(feat), 1, 1, 1)).to(feat)
        return self.mix(feat, share, torch.randperm(len(feat)))

    def mix(self, feat: Tensor, share: Tensor, other: Tensor) -> Tensor:
        """Keep ``share`` (M, 1, 1, 1) of a frame's own style, 0..1.

        Args:
            feat (Tensor): (M, C, H, W).
            share (Tensor): beta of every frame.
            other (Tensor): (M,), the frame whose style fills the rest.
        """
        mean = feat.mean(dim=(2, 3), keepdim=True).detach()
        var = feat.var(dim=(2, 3), keepdim=True).detach()
        std = (var + self.eps).sqrt()
        other = other.to(feat.device)
        mixed_std = share * std + (1 - share) * std[other]
        mixed_mean = share * mean + (1 - share) * mean[other]
        return mixed_std * ((feat - mean) / std) + mixed_mean


@MODELS.register_module()
class MixStyleBackbone(BaseModule):
    """Any backbone, with :class:`MixStyle` behind some of its layers.

    Works in our detectors and in stock ones. Parameters are those of the
    backbone, under ``backbone.``.

    Args:
        backbone (dict): config of the backbone.
        layers (Sequence[str]): dotted names of its modules whose output map
            is mixed; the paper takes the first stages.
        prob (float): see :class:`MixStyle`.
        alpha (float): see :class:`MixStyle`.
        init_cfg (dict, optional): initialisation of MMEngine.

    Raises:
        ValueError: if the backbone has no such layer.
    """

    def __init__(
        self,
        backbone: dict,
        layers: Sequence[str],
        prob: float = 0.5,
        alpha: float = 0.1,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.backbone = MODELS.build(backbone)
        self.mixstyle = MixStyle(prob, alpha)
        self.layers = tuple(layers)
        known = dict(self.backbone.named_modules())
        for name in self.layers:
            if name not in known:
                near = ', '.join(n for n, _ in self.backbone.named_children())
                raise UserError(
                    f"the backbone has no layer '{name}': take some of {near}"
                )
            known[name].register_forward_hook(self._mix)

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *args
    ) -> None:
        give_bare_weights(state_dict, prefix, ('backbone',))
        super()._load_from_state_dict(state_dict, prefix, *args)

    def _mix(self, module: nn.Module, args: tuple, feat: Tensor) -> Tensor:
        return self.mixstyle(feat)

    def forward(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """What the backbone gives."""
        return self.backbone(inputs)
