"""A config of several domains, with one of them left for the test."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

from mmengine.config import Config

from mmvmtl.datasets.mixed_sampler import shares_by_name
from mmvmtl.errors import UserError

SET_DOMAIN = ('SetDomain', 'mmvmtl.SetDomain')
#: Where a loader says how a batch is shared out: ours, and MMDetection's.
SHARES = (('batch_sampler', 'ratio'), ('sampler', 'source_ratio'))
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def domains_of(cfg: Config) -> list[str]:
    """Domains that a config trains and tests on.

    Those are the styles of a synthetic world, or what ``SetDomain`` says in
    the parts of joined data sets.

    Raises:
        UserError: if the data of a loader are neither.
    """
    found: list[str] = []
    for name in ('train_dataloader', 'test_dataloader'):
        found += _domains_in(cfg, name).values()
    return list(dict.fromkeys(found))


def hold_out(cfg: Config, domains: Sequence[str], held: str) -> Config:
    """The config trained on ``domains`` but ``held``, and tested on that.

    Every ``domains`` in the model becomes those of training. Of joined data
    sets the parts of other domains are left out, and of a batch sampler's
    ratio their shares: the batch becomes smaller by them.

    Args:
        cfg (Config): of a method; it is left alone.
        domains (Sequence[str]): at least three.
        held (str): one of them.

    Raises:
        UserError: if ``held`` is none of them, fewer than two are left, or
            the data of a loader do not tell their domains or lack one, or
            the shares of a batch are not those of the parts.
    """
    rest = tuple(name for name in domains if name != held)
    if held not in domains or len(rest) < 2:
        raise UserError(
            f"'{held}' can not be left out of {', '.join(domains)}: name it, "
            'and at least two others, in --domains'
        )
    cfg = copy.deepcopy(cfg)
    for name in LOADERS:
        if cfg.get(name):
            wanted = rest if name == 'train_dataloader' else (held,)
            _restrict(cfg, name, wanted)
    _set_domains(cfg.model, rest)
    return cfg


def _parts(data: dict) -> dict:
    """Configs of joined data sets, by name or by number."""
    parts = data.get('datasets') or {}
    if not isinstance(parts, Mapping):
        return dict(enumerate(parts))
    return {name: part for name, part in parts.items() if part is not None}


def _domains_in(cfg: Config, name: str) -> dict:
    """Domains by part of a joined data set, or by number of a world."""
    data = cfg[name].dataset
    if 'world' in data:
        style = data.world.get('style', 'day')
        return dict(enumerate([style] if isinstance(style, str) else style))
    found = {
        key: [
            step.domain
            for step in part.get('pipeline', ())
            if step.get('type') in SET_DOMAIN
        ]
        for key, part in _parts(data).items()
    }
    if not found or not all(found.values()):
        raise UserError(
            f'{name} of {cfg.filename} is neither a synthetic world nor '
            'joined data sets with a mmvmtl.SetDomain in the pipeline of '
            'each, by which domains can be left out'
        )
    return {key: steps[-1] for key, steps in found.items()}


def _restrict(cfg: Config, name: str, wanted: tuple[str, ...]) -> None:
    """Leave only the data of the domains ``wanted`` in a loader."""
    loader = cfg[name]
    have = _domains_in(cfg, name)
    if 'world' in loader.dataset:
        many = name == 'train_dataloader'
        loader.dataset.world.style = wanted if many else wanted[0]
        return
    for domain in wanted:
        if domain not in have.values():
            raise UserError(
                f"{name} of {cfg.filename} has no data of '{domain}': join "
                'a part of every domain, of which all but those of a run '
                'are left out'
            )
    kept = [key for key, domain in have.items() if domain in wanted]
    parts = loader.dataset.datasets
    loader.dataset.datasets = _some(parts, kept)
    for holder, key in SHARES:
        settings = loader.get(holder) or {}
        if key in settings:
            _share_out(loader, settings, key, kept, list(have))


def _some(parts: Mapping | Sequence, kept: Sequence) -> dict | list:
    """Those of the parts, by name or by number."""
    if isinstance(parts, Mapping):
        return {key: parts[key] for key in kept}
    return [parts[key] for key in kept]


def _share_out(
    loader: dict, settings: dict, key: str, kept: Sequence, parts: Sequence
) -> None:
    """Take the shares of what is left out from a batch."""
    ratio, size = settings[key], loader.batch_size
    shares = _shares(ratio, key, parts)
    total = sum(shares.values())
    if size % total:
        raise UserError(
            f'batch_size={size} of train_dataloader can not be shared out as '
            f'{key}={ratio}; use a multiple of {total}'
        )
    left = {part: shares[part] for part in kept}
    settings[key] = left if isinstance(ratio, Mapping) else list(left.values())
    loader.batch_size = size // total * sum(left.values())
    if 'batch_size' in settings:
        settings.batch_size = loader.batch_size


def _shares(
    ratio: Mapping | Sequence, key: str, parts: Sequence[str | int]
) -> dict[str | int, int]:
    """The share of each part in a batch, by name or by number."""
    if isinstance(ratio, Mapping):
        names = [part for part in parts if isinstance(part, str)]
        ratio = shares_by_name(ratio, names)
    if len(ratio) != len(parts):
        raise UserError(
            f'{key}={ratio} of train_dataloader has {len(ratio)} shares for '
            f'{len(parts)} data sets; give one to each'
        )
    return dict(zip(parts, ratio, strict=True))


def _set_domains(node: dict, rest: tuple[str, ...]) -> None:
    if 'domains' in node:
        node['domains'] = rest
    for value in node.values():
        if isinstance(value, dict):
            _set_domains(value, rest)
