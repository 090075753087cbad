"""What a training step costs when a part of the network is frozen."""

from __future__ import annotations

from statistics import median

import torch
from benchmarks.training import Step, training_batch
from mmengine.config import Config
from mmengine.registry import MODELS

from mmvmtl.engine.hooks.freeze_hook import NORMS


def frozen_ratio(cfg: Config, names: list[str], repeats: int = 11) -> float:
    """Time of a step with ``names`` frozen over that of a whole step.

    The median of pairs of steps, after one of each that does not count.

    Args:
        cfg (Config): with ``model``, ``optim_wrapper`` and training data.
        names (list[str]): dotted names of modules.
        repeats (int): pairs.
    """
    batch = training_batch(cfg)

    def loss(net: torch.nn.Module) -> torch.Tensor:
        data = net.data_preprocessor(batch, training=True)
        return net(**data, mode='loss')['loss_mtl']

    wrapper = dict(cfg.optim_wrapper)
    wrapper.pop('constructor', None)
    wrapper.pop('paramwise_cfg', None)
    steps = []
    for frozen in ((), names):
        torch.manual_seed(0)
        net = MODELS.build(cfg.model)
        net.init_weights()
        step = Step(net, loss, {**wrapper}, 'cpu')
        for name in frozen:
            part = net.get_submodule(name).requires_grad_(False)
            for norm in part.modules():
                if isinstance(norm, NORMS):
                    norm.eval()
        steps.append(step)
    seconds = [[step() for step in steps] for _ in range(repeats + 1)][1:]
    return median(part / whole for whole, part in seconds)
