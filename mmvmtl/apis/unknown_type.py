"""A ``type`` that no registry has, told with the name that was meant."""

from __future__ import annotations

import difflib
import traceback

from mmengine.registry import Registry

#: What the builders of MMEngine and mmcv call the name they look up.
NAMES = ('obj_type', 'layer_type', 'padding_type')


def unknown_type(error: Exception) -> str | None:
    """Return a sentence if ``error`` is that of a registry without a type.

    The KeyError of MMEngine has no right name in its text, and that of mmcv
    not even the wrong one, so both are read where it was raised. There the
    registry is known, and only what does not build is refused.
    """
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    if not isinstance(error, KeyError) or not frames:
        return None
    there = frames[-1].f_locals
    registry = there.get('registry')
    names = [there[key] for key in NAMES if key in there]
    if not isinstance(registry, Registry) or not names:
        return None
    near = difflib.get_close_matches(names[0], sorted(_known(registry)), 1)
    remedy = 'correct it, or register it in a module of custom_imports'
    if near:
        remedy = f"did you mean '{near[0]}'?"
    return (
        f"config: the registry '{registry.name}' of {registry.scope} has no "
        f"type '{names[0]}'; {remedy}"
    )


def _known(registry: Registry) -> set[str]:
    """Every name by which ``registry`` finds something."""
    known = set(registry.module_dict)
    while registry.parent is not None:
        registry = registry.parent
        known |= set(registry.module_dict)
    for child in registry.children.values():
        known |= {f'{child.scope}.{name}' for name in child.module_dict}
    return known
