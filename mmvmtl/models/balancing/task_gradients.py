"""Gradients of single task losses, and the parameters tasks share."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from fnmatch import fnmatchcase

import torch
from torch import Tensor, nn

from mmvmtl.errors import UserError
from mmvmtl.models.balancing.gramian import Row

#: float16 gradients below 6e-8 are 0; the optimizer's loss scale is unknown
#: to the model, and its usual range begins here.
HALF_SCALE = 1024.0


def task_gradients(
    losses: Tensor, factors: Tensor, inputs: Sequence[Tensor]
) -> list[Row]:
    r"""T gradients :math:`f_t \nabla L_t`; the graph stays.

    Nothing is accumulated into ``.grad``, so DDP takes no notice.

    Args:
        losses (Tensor): (T,), with a graph.
        factors (Tensor): :math:`f`, (T,).
        inputs (Sequence[Tensor]): features or parameters.

    Returns:
        list[Row]: per task a gradient for each of ``inputs``, None where the
        task does not reach it.
    """
    device = losses.device.type
    half = torch.is_autocast_enabled(device) and (
        torch.get_autocast_dtype(device) == torch.float16
    )
    scale = HALF_SCALE if half else 1.0
    rows = []
    # As in every backward pass, which runs outside of autocast.
    with torch.autocast(device, enabled=False):
        for one in torch.diag(factors.to(losses) * scale):
            row = torch.autograd.grad(
                losses, inputs, one, retain_graph=True, allow_unused=True
            )
            if half:
                row = [None if g is None else g.float() / scale for g in row]
            rows.append(row)
    return rows


def dense(rows: Sequence[Row], inputs: Sequence[Tensor]) -> list[Row]:
    """The same gradients with zeros for None."""
    return [
        [torch.zeros_like(x) if g is None else g for g, x in zip(row, inputs)]
        for row in rows
    ]


def shared_parameters(
    feats: Sequence[Tensor],
    model: nn.Module,
    patterns: Sequence[str] | None = None,
) -> list[nn.Parameter]:
    """Parameters of ``model`` that ``feats`` were computed from.

    Args:
        feats (Sequence[Tensor]): features with their graph.
        model (nn.Module): gives names and order.
        patterns (Sequence[str], optional): dotted names of parameters or
            modules, ``*`` allowed; None takes all.

    Raises:
        UserError: for a pattern that none of them matches.
    """
    below = _leaves(feats)
    named = {n: p for n, p in model.named_parameters() if id(p) in below}
    if patterns is None:
        return list(named.values())
    chosen: set[str] = set()
    for pattern in patterns:
        found = [
            name
            for name in named
            if fnmatchcase(name, pattern) or fnmatchcase(name, f'{pattern}.*')
        ]
        if not found:
            modules = {n.rpartition('.')[0] for n in named}
            near = difflib.get_close_matches(
                pattern, sorted({*named, *modules}), 3, 0
            )
            raise UserError(
                f"parameters='{pattern}' matches no trained parameter that "
                f'the tasks share; near are {", ".join(near)}'
            )
        chosen.update(found)
    return [p for name, p in named.items() if name in chosen]


def _leaves(tensors: Sequence[Tensor]) -> set[int]:
    """Ids of the leaves of the graph of ``tensors`` that get gradients."""
    found = set()
    seen: set = set()
    todo = [t.grad_fn for t in tensors if t.grad_fn is not None]
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        # Of all nodes only AccumulateGrad has one.
        leaf = getattr(node, 'variable', None)
        if leaf is not None:
            found.add(id(leaf))
        todo += [after for after, _ in node.next_functions if after]
    return found
