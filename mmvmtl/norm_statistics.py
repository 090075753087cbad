"""Statistics of norm layers, of one domain alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def batch_norms(model: nn.Module) -> list[_BatchNorm]:
    """The layers of ``model`` that keep running statistics."""
    return [
        module
        for module in model.modules()
        if isinstance(module, _BatchNorm) and module.track_running_stats
    ]


@contextmanager
def normalised_by_batch(model: nn.Module) -> Iterator[None]:
    """While it lasts, batch norms take the batch's statistics, and learn them.

    Everything else of a model in eval mode stays in eval mode.
    """
    layers = batch_norms(model)
    modes = [layer.training for layer in layers]
    for layer in layers:
        layer.train()
    try:
        yield
    finally:
        for layer, mode in zip(layers, modes, strict=True):
            layer.train(mode)
