"""A config of several domains, with one of them left for the test."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from mmengine.config import Config

from mmvmtl.errors import UserError


def domains_of(cfg: Config) -> list[str]:
    """Domains of the synthetic worlds that a config trains and tests on.

    Raises:
        UserError: if one of the two is no synthetic data set.
    """
    found: list[str] = []
    for name in ('train_dataloader', 'test_dataloader'):
        style = _world(cfg, name).get('style', 'day')
        found += [style] if isinstance(style, str) else list(style)
    return list(dict.fromkeys(found))


def hold_out(cfg: Config, domains: Sequence[str], held: str) -> Config:
    """The config trained on ``domains`` but ``held``, and tested on that.

    Every ``domains`` in the model becomes those of training.

    Args:
        cfg (Config): of a method, on synthetic data; it is left alone.
        domains (Sequence[str]): at least three.
        held (str): one of them.

    Raises:
        UserError: if ``held`` is none of them, fewer than two are left, or
            the data are not synthetic.
    """
    rest = tuple(name for name in domains if name != held)
    if held not in domains or len(rest) < 2:
        raise UserError(
            f"'{held}' can not be left out of {', '.join(domains)}: name it, "
            'and at least two others, in --domains'
        )
    cfg = copy.deepcopy(cfg)
    _world(cfg, 'train_dataloader').style = rest
    for name in ('val_dataloader', 'test_dataloader'):
        if cfg.get(name):
            _world(cfg, name).style = held
    _set_domains(cfg.model, rest)
    return cfg


def _world(cfg: Config, name: str) -> dict:
    world = cfg[name].dataset.get('world')
    if world is None:
        raise UserError(
            f'{name} of {cfg.filename} is no synthetic data set: one domain '
            'can be left out of a world only'
        )
    return world


def _set_domains(node: dict, rest: tuple[str, ...]) -> None:
    if 'domains' in node:
        node['domains'] = rest
    for value in node.values():
        if isinstance(value, dict):
            _set_domains(value, rest)
