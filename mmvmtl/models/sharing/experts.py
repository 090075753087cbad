"""What the schemes are built of: blocks that change features, and gates."""

from __future__ import annotations

from collections.abc import Sequence

from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from torch import Tensor, nn


class Expert(BaseModule):
    r"""A residual bottleneck that starts as the identity.

    .. math:: f(x) = x + W_2 \, \mathrm{ReLU}(\mathrm{norm}(W_1 * x))

    with a 3×3 convolution :math:`W_1` to half the channels and a 1×1
    convolution :math:`W_2` back, zero at the start: a network that gets a
    sharing scheme begins as the one without it.

    Args:
        channels (int): C, in and out.
        norm_cfg (dict, optional): norm layer behind :math:`W_1`.
    """

    def __init__(self, channels: int, norm_cfg: dict | None) -> None:
        super().__init__()
        hidden = max(1, channels // 2)
        self.reduce = ConvModule(
            channels, hidden, 3, padding=1, norm_cfg=norm_cfg
        )
        self.expand = nn.Conv2d(hidden, channels, 1)
        nn.init.zeros_(self.expand.weight)
        nn.init.zeros_(self.expand.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(M, C, H, W) to the same shape."""
        return x + self.expand(self.reduce(x))


class Gate(BaseModule):
    r"""Weights of E experts for every frame, :math:`\mathrm{softmax}(W x)`.

    x is the mean over the frame. All experts weigh 1/E at the start.

    Args:
        channels (int): C of the features it looks at.
        num_experts (int): E.
    """

    def __init__(self, channels: int, num_experts: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, num_experts)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def weights(self, x: Tensor) -> Tensor:
        """(M, E) of features (M, C, H, W); every row sums to 1."""
        return self.linear(x.mean(dim=(2, 3))).softmax(dim=-1)

    def forward(self, x: Tensor, experts: Sequence[Tensor]) -> Tensor:
        """The experts' outputs (M, C, H, W), weighted by what x is."""
        weights = self.weights(x)[..., None, None, None].unbind(1)
        return sum(w * y for w, y in zip(weights, experts, strict=True))
