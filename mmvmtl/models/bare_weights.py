"""Weights of a model, for what is built around it."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor


def give_bare_weights(
    state_dict: dict[str, Tensor], prefix: str, parts: Sequence[str]
) -> None:
    """Let ``parts`` of a module have the weights that it has none of.

    A checkpoint of the bare model then loads into what wraps it. For
    ``_load_from_state_dict``; one that names any of the parts is left alone.

    Args:
        state_dict (dict[str, Tensor]): changed in place.
        prefix (str): of the module, with its last dot.
        parts (Sequence[str]): names of children that all get the weights.
    """
    begins = tuple(f'{prefix}{part}.' for part in parts)
    own = [key for key in state_dict if key.startswith(prefix)]
    if any(key.startswith(begins) for key in own):
        return
    for key in own:
        value = state_dict.pop(key)
        for begin in begins:
            state_dict[begin + key.removeprefix(prefix)] = value
