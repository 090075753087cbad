"""Which ``type`` a config out of a file may name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from typing import Any

from mmengine import registry as root
from mmengine.registry import Registry

from mmvmtl.errors import UserError

#: Libraries whose registered classes are searched.
SCOPES = ('mmengine', 'mmdet', 'mmaction', 'mmvmtl')
#: What the model and the pipeline of a config are built from.
REGISTRIES = (root.MODELS, root.TASK_UTILS, root.TRANSFORMS)
#: Operations that mmcv finds by ``eval`` of the name, not in a registry.
OPERATIONS = ('nms', 'soft_nms', 'nms_match', 'nms_rotated', 'nms_quadri')


def check_types(node: Any, source: str) -> None:
    """Refuse a config in which a ``type`` is no registered class.

    MMEngine takes any importable callable for a ``type``, and mmcv
    evaluates the one of ``nms``, so that a config could run any program.

    Args:
        node: A config or a part of it, as plain data.
        source (str): What to call its origin in the message.

    Raises:
        UserError: Naming the type.
    """
    for kind in _types(node):
        if kind not in OPERATIONS and not is_registered(kind):
            raise UserError(
                f'{source} names the type {kind!r}, which is not registered, '
                'and was not built; import the module that registers it '
                'first, or check where the file comes from.'
            )


def _types(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        if 'type' in node:
            yield node['type']
        for value in node.values():
            yield from _types(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from _types(value)


def is_registered(kind: object) -> bool:
    """Whether a name, with or without a scope, is in some registry."""
    if not isinstance(kind, str):
        return False
    scope, _, name = kind.rpartition('.')
    if scope and scope not in SCOPES:
        return False
    # A class registered a moment ago counts, so only the import is cached.
    found = any(name in registry.module_dict for registry in _all(scope))
    if not found and (scope == 'mmaction' or not scope):
        _import_scope('mmaction')
        return any(name in registry.module_dict for registry in _all(scope))
    return found


def _all(scope: str) -> Iterator[Registry]:
    for name in (scope,) if scope else ('mmengine', 'mmdet', 'mmvmtl'):
        _import_scope(name)
    for registry in REGISTRIES:
        for each in (registry, *registry.children.values()):
            if not scope or each.scope == scope:
                yield each


@lru_cache
def _import_scope(scope: str) -> None:
    """Import all that ``scope`` registers; mmaction only if it is asked."""
    if scope == 'mmaction':
        try:
            import_module('mmaction.registry')
        except ImportError:
            return
    elif scope != 'mmengine':
        import_module(f'{scope}.registry')
    for registry in REGISTRIES:
        for each in (registry, *registry.children.values()):
            if each.scope == scope:
                each.import_from_location()
