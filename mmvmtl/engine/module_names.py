"""Modules of a model by dotted name or glob pattern."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from fnmatch import fnmatchcase

from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner
from torch import nn
from torch.optim import Optimizer

from mmvmtl.errors import UserError


def unwrap(model: nn.Module) -> nn.Module:
    """The model inside its DDP wrapper, if it has one."""
    return model.module if is_model_wrapper(model) else model


def only_optimizer(runner: Runner, what: str) -> Optimizer:
    """The optimizer of a run that has one.

    Raises:
        UserError: If there are several; it names ``what`` asks.
    """
    wrapper = runner.optim_wrapper
    if isinstance(wrapper, OptimWrapperDict):
        raise UserError(
            f'{what} works on one optimizer, this run has '
            f'{len(wrapper)} ({", ".join(wrapper.keys())}); take the hook '
            'out of custom_hooks'
        )
    return wrapper.optimizer


def find_modules(
    model: nn.Module, patterns: str | Sequence[str], what: str
) -> dict[str, nn.Module]:
    """The modules that ``patterns`` name, by dotted name.

    Args:
        model (nn.Module): Not wrapped.
        patterns (str or Sequence[str]): Names such as ``'backbone.stem'``,
            or patterns such as ``'backbone.stage[12]'``, whose ``*`` also
            matches dots.
        what (str): Who asks, for the message.

    Raises:
        UserError: If a pattern matches nothing; it names near ones.
    """
    modules = {name: m for name, m in model.named_modules() if name}
    found = {}
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        matches = [name for name in modules if fnmatchcase(name, pattern)]
        if not matches:
            near = difflib.get_close_matches(pattern, modules, 3, 0.4)
            tops = [name for name, _ in model.named_children()]
            raise UserError(
                f"{what}: no module matches '{pattern}'; near it are "
                f'{", ".join(near or tops)}.'
            )
        found.update((name, modules[name]) for name in matches)
    return found
