"""Pass features on, and their gradient back with the sign turned."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.autograd import Function

from mmvmtl.registry import MODELS


class _Reverse(Function):
    """The setup_context form, so that ``torch.func`` works through it."""

    generate_vmap_rule = True

    @staticmethod
    def forward(feats: Tensor, scale: Tensor) -> Tensor:
        return feats.view_as(feats)

    @staticmethod
    def setup_context(ctx, inputs: tuple, output: Tensor) -> None:
        ctx.save_for_backward(inputs[1])

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None]:
        (scale,) = ctx.saved_tensors
        return -scale.to(grad) * grad, None


def reverse_gradient(feats: Tensor, scale: Tensor) -> Tensor:
    r"""Identity forward; backward :math:`g \mapsto -\lambda g`.

    Args:
        feats (Tensor): any shape.
        scale (Tensor): (), :math:`\lambda`; negative keeps the sign.
    """
    return _Reverse.apply(feats, scale)


@MODELS.register_module()
class GradientReversal(nn.Module):
    r"""The gradient reversal layer.

    `Ganin et al., JMLR 2016 <https://arxiv.org/abs/1505.07818>`_.
    :math:`\lambda` is a buffer that no checkpoint holds: it follows from
    training progress, and ``mmvmtl.DomainAdversarialHook`` sets it.

    Args:
        scale (float): :math:`\lambda \ge 0` until somebody sets it.
    """

    scale: Tensor

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.register_buffer(
            'scale', torch.tensor(float(scale)), persistent=False
        )

    def set_scale(self, scale: float) -> None:
        r"""Set :math:`\lambda`."""
        self.scale.fill_(scale)

    def forward(self, feats: Tensor) -> Tensor:
        """The same features, with their gradient reversed."""
        return reverse_gradient(feats, self.scale)
