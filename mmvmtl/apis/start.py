"""Look at the checkpoint that training begins with before it does."""

from __future__ import annotations

import torch
from mmengine.config import Config
from mmengine.runner import Runner, find_latest_checkpoint
from torch import Tensor, nn

from mmvmtl.engine.hooks.finetune_checkpoint_hook import (
    check_share,
    match_weights,
)
from mmvmtl.engine.module_names import unwrap
from mmvmtl.weights import read_file, read_weights


def check_start(runner: Runner, cfg: Config, trust: bool) -> None:
    """Refuse what ``load_from`` or ``--resume`` must not begin with.

    The Runner would run the code that a file asks to run, and would only
    warn of a checkpoint of another network and train from chance. What is at
    a URL is not looked at.

    Args:
        runner (Runner): not training yet.
        cfg (Config): its config.
        trust (bool): let a file run code.

    Raises:
        UserError: The file is no checkpoint, asks to run code, or less than
            half of it fits the model.
    """
    path = cfg.get('load_from')
    if cfg.get('resume'):
        path = path or find_latest_checkpoint(cfg.work_dir)
    if path is None or '://' in path:
        return
    if cfg.get('resume'):
        read_file(path, trust)
        return
    weights = read_weights(path, trust)
    model = unwrap(runner.model)
    named = names_as_loaded(model, weights)
    expected = model.state_dict()
    match = match_weights(expected, named)
    check_share(
        match, named, expected, path, 'load a part by FinetuneCheckpointHook'
    )


@torch.no_grad()
def names_as_loaded(
    model: nn.Module, weights: dict[str, Tensor]
) -> dict[str, Tensor]:
    """The weights by the names that ``model`` loads them under.

    What wraps a model renames the weights of a bare one as it loads them.
    The model has what fits afterwards.
    """
    state = dict(weights)
    # Of an older version, batch norms would add counters to it.
    version = {'version': 2}

    def visit(module: nn.Module, prefix: str) -> None:
        module._load_from_state_dict(state, prefix, version, True, [], [], [])
        for name, child in module.named_children():
            visit(child, f'{prefix}{name}.')

    visit(model, '')
    return state
