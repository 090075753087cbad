"""A small translation game of two ranks, played by one process or by two.

RANK=0 WORLD_SIZE=2 python tests/helpers/translation_case.py <store> <out>
"""

from __future__ import annotations

import torch
from mmengine.optim import build_optim_wrapper
from torch import Tensor, nn
from two_ranks import run_as_rank

from mmvmtl.engine import SeparateDistributedDataParallel
from mmvmtl.models import UnpairedTranslator

STEPS = 3


def build(double: bool = False) -> tuple[nn.Module, object]:
    """The model with seed 0, and its optimizers."""
    torch.manual_seed(0)
    model = UnpairedTranslator(
        generator=dict(type='mmvmtl.TranslationGenerator', channels=4),
        discriminator=dict(type='mmvmtl.PatchDiscriminator', channels=4),
        pool_size=0,
    )
    model = model.double() if double else model
    return model, optimizers(model)


def optimizers(model: nn.Module) -> object:
    """Plain gradient descent of both parts."""
    sgd = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01))
    return build_optim_wrapper(
        model,
        dict(
            constructor='mmvmtl.OptimWrapperPerModule',
            generators=sgd,
            discriminators=sgd,
        ),
    )


def batch(ranks: tuple[int, ...], step: int) -> dict[str, list[Tensor]]:
    """One clip of two frames of each domain per rank."""
    data: dict[str, list[Tensor]] = dict(source=[], target=[])
    for rank in ranks:
        draw = torch.Generator().manual_seed(10 * step + rank)
        for clips in data.values():
            clip = torch.randint(256, (2, 3, 32, 32), generator=draw)
            clips.append(clip.byte())
    return data


def weights(model: nn.Module) -> dict[str, Tensor]:
    """A copy of all parameters."""
    return {k: v.detach().clone() for k, v in model.named_parameters()}


class _InDouble(nn.Module):
    """The preprocessor's images in float64."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, data: dict, training: bool = False) -> dict:
        data = self.inner(data, training)
        return {k: v.double() for k, v in data.items()}


def train(ranks: tuple[int, ...], wrapped: bool = False) -> dict[str, Tensor]:
    """Parameters after some steps on the joined batches of ``ranks``."""
    model, wrappers = build(double=True)
    bare = model
    model.data_preprocessor = _InDouble(model.data_preprocessor)
    if wrapped:
        model = SeparateDistributedDataParallel(bare, device_ids=None)
        wrappers = optimizers(model)
    for step in range(STEPS):
        model.train_step(batch(ranks, step), wrappers)
    return {
        name.replace('generators.module', 'generators').replace(
            'discriminators.module', 'discriminators'
        ): value
        for name, value in weights(bare).items()
    }


if __name__ == '__main__':
    run_as_rank(lambda rank: train((rank,), wrapped=True))
