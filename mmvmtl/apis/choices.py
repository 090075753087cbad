"""Refuse settings that choose by validation on the data of the test."""

from __future__ import annotations

from collections.abc import Mapping

from mmengine.config import Config
from mmengine.hooks import EarlyStoppingHook
from mmengine.registry import HOOKS

from mmvmtl.errors import UserError


def refuse_choices(cfg: Config) -> None:
    """Refuse settings that choose by validation on the data of the test.

    Args:
        cfg (Config): of training.

    Raises:
        UserError: It names the setting.
    """
    hooks = [
        *(cfg.get('custom_hooks') or ()),
        *(cfg.get('default_hooks') or {}).values(),
    ]
    # One that is None is switched off.
    hooks = [hook for hook in hooks if hook]
    schedulers = cfg.get('param_scheduler') or ()
    if isinstance(schedulers, Mapping):
        schedulers = (schedulers,)
    for setting, there in (
        ('EarlyStoppingHook', any(map(_stops_early, hooks))),
        ('param_scheduler', any('monitor' in each for each in schedulers)),
        ('save_best', any(hook.get('save_best') for hook in hooks)),
    ):
        if there:
            raise UserError(
                f'{setting} of the config {cfg.filename} would choose by the '
                'very data that are held out for the test; take it out and '
                'train for a fixed time.'
            )


def _stops_early(hook: Mapping) -> bool:
    kind = hook.get('type')
    if isinstance(kind, str):
        kind = HOOKS.get(kind)
    return isinstance(kind, type) and issubclass(kind, EarlyStoppingHook)
