"""Every weighting by name, with settings that let few steps matter."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from mmvmtl.models.losses import BaseWeighting
from mmvmtl.registry import MODELS

TASKS = ('det', 'cls', 'track')
WEIGHTINGS = {
    'WeightedMTLLoss': dict(weights=dict(det=1.0, cls=0.1, track=0.3)),
    'UncertaintyWeighting': {},
    'IMTLL': {},
    'GLS': {},
    'RLW': {},
    'DWA': dict(window=1),
    'FAMO': {},
    'LossScaleNorm': dict(
        weighting=dict(type='mmvmtl.FAMO'), momentum=0.5
    ),
}  # fmt: skip
#: Those whose state follows from the losses of earlier steps.
STEPPED = ('RLW', 'DWA', 'FAMO', 'LossScaleNorm')


def config(name: str) -> dict:
    """Config of a weighting, in place of the one a base config has."""
    settings = copy.deepcopy(WEIGHTINGS[name])
    return dict(_delete_=True, type=f'mmvmtl.{name}', **settings)


def build(name: str, **settings: object) -> BaseWeighting:
    """A fresh weighting of ``TASKS``, in training mode."""
    cfg = {**config(name), **settings, 'tasks': TASKS}
    del cfg['_delete_']
    return MODELS.build(cfg)


def step(
    weighting: nn.Module,
    losses: list[float],
    active: tuple[bool, ...] = (True, True, True),
    moves: bool = True,
) -> Tensor:
    """One forward and backward; the optimizer moves the clock, or skips.

    Returns:
        Tensor: the weights (T,) that were used.
    """
    leaves = torch.tensor(losses, dtype=torch.float64, requires_grad=True)
    # The losses stand for the network: some weightings learn nothing.
    optimizer = torch.optim.SGD([leaves, *weighting.parameters()], lr=0.1)
    weighting(leaves, torch.tensor(active)).backward()
    # The weights are what the losses' gradients are multiplied by.
    torch.testing.assert_close(
        leaves.grad, weighting.last_weights.to(leaves), rtol=0, atol=0
    )
    if moves:
        optimizer.step()
    optimizer.zero_grad()
    return weighting.last_weights
