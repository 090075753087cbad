"""A config of several domains, with one of them left for the test."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from mmengine.config import Config

from mmvmtl.errors import UserError

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
        found += _domains_in(cfg, name)
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
            the data of a loader do not tell their domains or lack one.
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


def _domains_in(cfg: Config, name: str) -> list[str]:
    data = cfg[name].dataset
    if 'world' in data:
        style = data.world.get('style', 'day')
        return [style] if isinstance(style, str) else list(style)
    found = [
        [step.domain for step in part.get('pipeline', ()) if 'domain' in step]
        for part in data.get('datasets', [{}])
    ]
    if not all(found):
        raise UserError(
            f'{name} of {cfg.filename} is neither a synthetic world nor a '
            'ConcatDataset with a mmvmtl.SetDomain in the pipeline of each '
            'part, by which domains can be left out'
        )
    return [steps[-1] for steps in found]


def _restrict(cfg: Config, name: str, wanted: tuple[str, ...]) -> None:
    """Leave only the data of the domains ``wanted`` in a loader."""
    loader = cfg[name]
    have = _domains_in(cfg, name)
    if 'world' in loader.dataset:
        many = name == 'train_dataloader'
        loader.dataset.world.style = wanted if many else wanted[0]
        return
    for domain in wanted:
        if domain not in have:
            raise UserError(
                f"{name} of {cfg.filename} has no data of '{domain}': join "
                'a part of every domain, of which all but those of a run '
                'are left out'
            )
    kept = [i for i, domain in enumerate(have) if domain in wanted]
    parts = loader.dataset.datasets
    loader.dataset.datasets = [parts[i] for i in kept]
    ratio = loader.get('batch_sampler', {}).get('ratio')
    if ratio is not None:
        share = loader.batch_size // sum(ratio)
        loader.batch_sampler.ratio = [ratio[i] for i in kept]
        loader.batch_size = share * sum(loader.batch_sampler.ratio)


def _set_domains(node: dict, rest: tuple[str, ...]) -> None:
    if 'domains' in node:
        node['domains'] = rest
    for value in node.values():
        if isinstance(value, dict):
            _set_domains(value, rest)
