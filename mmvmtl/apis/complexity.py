"""Parameters and multiply-adds of a model, part by part."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import NamedTuple

import torch
from mmengine.analysis import FlopAnalyzer
from torch import nn


class Part(NamedTuple):
    """A part of a model: its name, parameters, multiply-adds a frame."""

    name: str
    parameters: int
    flops: int


def complexity(model: nn.Module, size: tuple[int, int]) -> list[Part]:
    """Count backbone, neck, sharing and each head, and last ``total``.

    A multiply and its add count as one, as in MMDetection's tables. What the
    tracking head reads at boxes depends on their number and is counted for
    none, nor is what a sharing scheme makes for that alone; post-processing
    and the tracker are not counted.

    Args:
        model (nn.Module): A :class:`VideoMTLDetector`.
        size (tuple[int, int]): (h, w) of the network's input, pixels.
    """
    model = model.eval().cpu()
    analyzer = FlopAnalyzer(model, torch.zeros(1, 3, *size))
    analyzer.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter('ignore')
        by_module = analyzer.by_module()
    parts = [
        Part(name, _parameters(module), int(by_module[name]))
        for name, module in _parts(model)
    ]
    return [*parts, Part('total', _parameters(model), int(by_module['']))]


def _parts(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    for name, child in model.named_children():
        heads = getattr(child, 'heads', None)
        if isinstance(heads, nn.ModuleDict):
            for task, head in heads.items():
                yield f'{name}.heads.{task}', head
        elif _parameters(child):
            yield name, child


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
