"""Refuse a config that MMEngine would take and silently misread.

MMEngine turns a misspelt key into a new one that nobody reads. The guard
resolves every ``type`` and compares its arguments with the signature, looks
for top-level keys that nearly are Runner arguments, and for
``--cfg-options`` that name nothing.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import inspect
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from mmengine import registry as root
from mmengine.config import Config
from mmengine.registry import DefaultScope, Registry
from mmengine.runner import Runner
from mmengine.runner.loops import (
    EpochBasedTrainLoop,
    IterBasedTrainLoop,
    TestLoop,
    ValLoop,
)
from torch.utils.data import DataLoader

from mmvmtl.config_file import read_file
from mmvmtl.errors import UserError
from mmvmtl.option_groups import Grouped
from mmvmtl.signatures import accepted

RUNNER_KEYS = set(inspect.signature(Runner.__init__).parameters) - {'self'}
#: Read from the config by MMEngine, MMDetection's tools or ours.
OTHER_KEYS = {
    'auto_scale_lr', 'compile', 'custom_imports', 'find_unused_parameters',
    'model_wrapper_cfg', 'runner_type', 'sync_bn', 'test_pipeline',
    'train_pipeline', 'tta_model', 'tta_pipeline', 'val_pipeline',
}  # fmt: skip
#: A name at least this similar to a right one is a misspelling of it.
SIMILAR = 0.8
LOADER_KEYS = {
    'batch_sampler', 'collate_fn', 'dataset', 'num_batch_per_epoch',
    'sampler', 'worker_init_fn', *inspect.signature(DataLoader).parameters,
}  # fmt: skip
#: Taken by whoever builds the object, before its class sees the rest.
BUILDER_KEYS = {
    '_delete_', '_scope_', 'by_epoch', 'constructor', 'convert_to_iter_based',
    'fallback_on_stride', 'override', 'paramwise_cfg', 'priority',
    'requires_grad', 'type',
}  # fmt: skip
#: Dicts whose keys are the user's own, or another library's.
OPEN_DICTS = {
    'backend_args', 'clip_grad', 'custom_keys', 'data_prefix', 'dist_cfg',
    'env_cfg', 'filter_cfg', 'init_kwargs', 'metainfo', 'mp_cfg',
    'paramwise_cfg', 'randomness',
}  # fmt: skip
#: Layers made by builders that take some of the keys themselves.
LAYER_CFGS = {'act_cfg', 'conv_cfg', 'norm_cfg', 'upsample_cfg'}
#: Untyped loops: MMEngine chooses the class by ``by_epoch``.
LOOPS = {
    'train_cfg': (EpochBasedTrainLoop, IterBasedTrainLoop),
    'val_cfg': (ValLoop,),
    'test_cfg': (TestLoop,),
}
#: Again by the same thread: a module of custom_imports may read a config.
_ONE_AT_A_TIME = threading.RLock()
#: Everything a config of a Runner may name.
REGISTRIES = [
    value
    for value in vars(root).values()
    if isinstance(value, Registry) and value is not root.INFERENCERS
]


def load_config(path: str | Path, options: dict | None = None) -> Config:
    """Read a config, merge ``--cfg-options`` into it, refuse mistakes.

    Args:
        path (str | Path): The config file.
        options (dict, optional): Values by dotted key.

    Raises:
        UserError: If the file is missing or can not be executed, or either
            holds a name that exists nowhere.
    """
    if not Path(path).is_file():
        raise UserError(f'config {path} does not exist; check the path')
    # MMEngine's scopes are one dict, which each change of scope copies.
    with _ONE_AT_A_TIME:
        cfg = read_file(path)
        if options:
            check_options(cfg, options)
            cfg.merge_from_dict(options)
        check_config(cfg)
    return cfg


def check_config(cfg: Config) -> None:
    """Refuse the first misspelt key or argument of ``cfg``.

    Free variables of the config file stay legal.

    Raises:
        UserError: Naming the key and the nearest right one.
    """
    scope = cfg.get('default_scope')
    _prepare(scope)
    for key in cfg:
        misspelt = key not in RUNNER_KEYS | OTHER_KEYS and _is_near(key)
        if misspelt and not _is_read(key, cfg.text or ''):
            raise _refuse(
                f"top-level '{key}', nobody reads it", key, RUNNER_KEYS
            )
        _check(cfg[key], key, scope)
    _check_optimizer(cfg.get('optim_wrapper') or {}, scope)


def check_options(cfg: Config, options: dict[str, Any]) -> None:
    """Refuse ``--cfg-options`` that name nothing in ``cfg``.

    A new key is legal where a class takes it as an argument, in a group of
    options, which its class checks (:class:`Grouped`), at the top level if it
    is the Runner's, in dicts with keys of the user's own, and among hooks or
    heads where another option gives its ``type``.

    Raises:
        UserError: Naming the option and the nearest right name.
    """
    _prepare(cfg.get('default_scope'))
    for path in options:
        node: Any = cfg._cfg_dict
        scope = cfg.get('default_scope')
        group = False
        parts = path.split('.')
        for depth, part in enumerate(parts):
            where = '.'.join(parts[:depth])
            if isinstance(node, (list, tuple)) and part.isdigit():
                if int(part) >= len(node):
                    raise UserError(
                        f"--cfg-options '{path}': '{where}' has only "
                        f'{len(node)} entries, counted from 0'
                    )
                node = node[int(part)]
            elif isinstance(node, dict) and part in node:
                scope = node.get('_scope_', scope)
                group = _is_group(node, part, scope)
                node = node[part]
            else:
                # A group's class refuses what it does not know.
                if not group and isinstance(node, (dict, list, tuple)):
                    typed = f'{where}.{part}.type' in options
                    _check_new(path, part, node, where, scope, typed)
                break


def _is_group(node: dict, part: str, scope: str | None) -> bool:
    """Whether the argument ``part`` of a typed ``node`` is one of options."""
    kinds = _classes(node['type'], scope) if 'type' in node else ()
    return any(
        isinstance(kind, type)
        and issubclass(kind, Grouped)
        and part in kind.groups
        for kind in kinds
    )


def _check_new(
    path: str,
    part: str,
    node: Any,
    where: str,
    scope: str | None,
    typed: bool,
) -> None:
    """Refuse the new key ``part`` in ``node`` unless somebody takes it.

    ``typed`` tells that its ``type`` is among the options.
    """
    if OPEN_DICTS & set(where.split('.')):
        return
    legal: set[str] = set()
    if isinstance(node, dict):
        if typed and not difflib.get_close_matches(part, node, 1, SIMILAR):
            return
        takes = _takes(node, where, scope)
        if not where:
            takes = RUNNER_KEYS | OTHER_KEYS
        if takes is None and 'type' in node:
            return
        legal = (takes or set()) | BUILDER_KEYS
        if part in legal and (takes is not None or part == '_delete_'):
            return
        legal = (legal if takes is not None else set()) | set(node)
    raise _refuse(f"--cfg-options '{path}', there is no '{part}'", part, legal)


def _check(node: Any, where: str, scope: str | None) -> None:
    """Check the arguments of ``node`` and of everything below it."""
    if isinstance(node, (list, tuple)):
        for index, item in enumerate(node):
            _check(item, f'{where}.{index}', scope)
    if not isinstance(node, dict):
        return
    scope = node.get('_scope_', scope)
    takes = _takes(node, where, scope)
    if takes is not None:
        for key in node:
            if key not in takes | BUILDER_KEYS:
                owner = _name(node.get('type')) or where
                raise _refuse(
                    f"'{where}.{key}', {owner} takes no '{key}'", key, takes
                )
    for key, value in node.items():
        _check(value, f'{where}.{key}', scope)


def _check_optimizer(wrapper: dict, scope: str | None) -> None:
    """Refuse an optimizer that no registry has.

    Other types are named where they fail to build, but MMEngine's default
    constructor asks for the signature of what it has not found. Another
    constructor may build what it likes.
    """
    optimizer = wrapper.get('optimizer')
    kind = optimizer.get('type') if isinstance(optimizer, dict) else None
    if 'constructor' in wrapper or not isinstance(kind, str) or not scope:
        return
    if not _classes(kind, scope):
        raise _refuse(
            f"'optim_wrapper.optimizer.type', there is no '{kind}'",
            kind,
            root.OPTIMIZERS.module_dict,
        )


def _takes(node: dict, where: str, scope: str | None) -> set[str] | None:
    """Names that may stand in ``node``; None if that can not be known."""
    if re.fullmatch(r'(train|val|test)_dataloader', where):
        return LOADER_KEYS
    kind = node.get('type')
    if where in LOOPS and kind is None:
        names = [accepted(loop) or set() for loop in LOOPS[where]]
        return {'by_epoch', *set().union(*names)}
    if kind is None or isinstance(kind, dict):
        return None
    if where.rpartition('.')[2] in LAYER_CFGS:
        return None
    classes = _classes(kind, scope)
    if not classes and isinstance(kind, str) and kind.startswith('mmvmtl.'):
        names = [f'mmvmtl.{name}' for name in _our_names()]
        raise _refuse(f"'{where}.type', there is no '{kind}'", kind, names)
    every = [accepted(each) for each in classes]
    if not every or any(names is None for names in every):
        return None
    return set().union(*every)  # type: ignore[arg-type]


@functools.cache
def _classes(kind: str | Callable, scope: str | None) -> list[Callable]:
    """Everything that a ``type`` may mean, in any registry.

    Without a scope (part of a config, seen alone) a bare name is unknown.
    """
    if not isinstance(kind, str):
        return [kind] if callable(kind) else []
    if scope is None and '.' not in kind:
        return []
    with root.MODELS.switch_scope_and_registry(scope):
        pass  # The library of the scope has now filled its registries.
    found = []
    for registry in REGISTRIES:
        scoped = registry.children.get(scope, registry)
        # A registry may have a location that does not exist (mmaction2 1.2.0
        # has 'mmaction.mmengine'); nothing that builds can come from it.
        with contextlib.suppress(ImportError):
            found.append(scoped.get(kind))
    return [each for each in found if callable(each)]


def _our_names() -> Iterator[str]:
    for registry in REGISTRIES:
        child = registry.children.get('mmvmtl')
        if child is not None:
            child.import_from_location()
            yield from child.module_dict


def _prepare(scope: str | None) -> None:
    """Forget earlier look-ups; make ``scope`` MMEngine's default."""
    _classes.cache_clear()
    if scope and DefaultScope.get_current_instance() is None:
        root.init_default_scope(scope)


def _is_read(key: str, text: str) -> bool:
    """Whether a config text uses ``key`` other than to assign it."""
    code = re.sub(r'#.*', '', text)
    return bool(re.search(rf'\b{re.escape(key)}\b(?!\s*=(?!=))', code))


def _is_near(key: str) -> bool:
    """Whether a top-level key nearly is one of the Runner's."""
    return bool(difflib.get_close_matches(key, RUNNER_KEYS, 1, SIMILAR))


def _refuse(what: str, name: str, legal: Iterable[str]) -> UserError:
    legal = sorted(legal)
    near = difflib.get_close_matches(name, legal, 1, 0.6)
    if near:
        return UserError(f"config: {what}; did you mean '{near[0]}'?")
    return UserError(f'config: {what}; known are: {", ".join(legal)}')


def _name(kind: Any) -> str | None:
    return kind if isinstance(kind, str) else getattr(kind, '__name__', None)
