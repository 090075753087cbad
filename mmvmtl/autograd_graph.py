"""Walking through autograd's graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest import mock

from torch import Tensor
from torch.utils import checkpoint

from mmvmtl.errors import UserError

#: What every ``checkpoint`` calls, also one that was imported by name.
_FORMS = {
    name: getattr(checkpoint, name)
    for name in (
        'CheckpointFunction',
        '_checkpoint_without_reentrant_generator',
    )
}


def graph_nodes(
    tensors: Sequence[Tensor], stop: object = None
) -> Iterator[Any]:
    """Autograd's nodes that ``tensors`` came from, not beyond ``stop``."""
    seen = {None, stop}
    todo = [tensor.grad_fn for tensor in tensors]
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            yield node
            todo += [after for after, _ in node.next_functions]


def refuse_checkpointing(nodes: Sequence[Any], what: str) -> None:
    """Raise if a part of the graph will only be known in the backward pass.

    Args:
        nodes (Sequence): from :func:`graph_nodes`.
        what (str): who wants gradients before it.

    Raises:
        UserError: of activation checkpointing (``with_cp=True``).
    """
    if any(node.name() == 'CheckpointFunctionBackward' for node in nodes):
        raise UserError(
            f'{what} takes gradients by parameters before the backward pass, '
            'which activation checkpointing does not allow; set '
            'with_cp=False in the backbone'
        )


@contextmanager
def no_checkpointing(what: str) -> Iterator[None]:
    """Within it a forward must not checkpoint activations.

    The backward pass would run it again with the model's own parameters,
    whatever ``functional_call`` had put in their place, and nothing in the
    graph of ``use_reentrant=False`` tells.

    Args:
        what (str): who calls the model with other parameters.

    Raises:
        UserError: of activation checkpointing (``with_cp=True``, or
            ``activation_checkpointing`` of MMEngine's Runner).
    """

    def refuse(*args, **kwargs) -> None:
        raise UserError(
            f'{what} calls the model with other parameters than its own, '
            'which activation checkpointing does not allow; set with_cp=False '
            'in the backbone, or take activation_checkpointing out of the '
            'config'
        )

    with mock.patch.multiple(
        checkpoint,
        CheckpointFunction=SimpleNamespace(apply=refuse),
        _checkpoint_without_reentrant_generator=refuse,
    ):
        yield


@contextmanager
def own_parameters() -> Iterator[None]:
    """Within :func:`no_checkpointing`, a forward that nothing replaces."""
    with mock.patch.multiple(checkpoint, **_FORMS):
        yield
