"""The count of parameters and multiply-adds."""

from __future__ import annotations

import torch
from torch import nn

from mmvmtl.apis.complexity import complexity


class _Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.head = nn.Module()
        self.head.heads = nn.ModuleDict({'det': nn.Conv2d(4, 2, 1)})

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head.heads['det'](self.backbone(x))


def test_two_convolutions_by_hand():
    """3·4·9 and 4·2 weights, each used at 5·6 pixels."""
    parts = {part.name: part[1:] for part in complexity(_Net(), (5, 6))}
    assert parts == {
        'backbone': (108, 108 * 30),
        'head.heads.det': (8 + 2, 8 * 30),
        'total': (118, 116 * 30),
    }
