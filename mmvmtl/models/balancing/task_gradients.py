"""Gradients of single task losses, and the parameters tasks share."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmvmtl.autocast import in_float16
from mmvmtl.autograd_graph import graph_nodes, refuse_checkpointing
from mmvmtl.errors import UserError
from mmvmtl.models.balancing.gramian import Row
from mmvmtl.parameter_names import matching, nearest

#: float16 gradients below 6e-8 are 0; the optimizer's loss scale is unknown
#: to the model, and its usual range begins here.
HALF_SCALE = 1024.0


def loss_gradient(
    loss: Tensor, factor: Tensor, inputs: Sequence[Tensor]
) -> Row:
    r"""The gradient :math:`f \nabla L` of one loss; the graph stays.

    Nothing is accumulated into ``.grad``, so DDP takes no notice.

    Args:
        loss (Tensor): L, (), with a graph.
        factor (Tensor): f, ().
        inputs (Sequence[Tensor]): features or parameters.

    Returns:
        Row: for each of ``inputs``, None where the loss does not reach it.
    """
    if not in_float16(loss.device):
        return _backward(loss, factor, inputs)
    # A large loss overflows under a scale that a small one needs.
    for scale in (HALF_SCALE, 1.0):
        row = [
            None if g is None else g.float() / scale
            for g in _backward(loss, factor * scale, inputs)
        ]
        if all(g is None or bool(g.isfinite().all()) for g in row):
            break
    return row


def _backward(loss: Tensor, factor: Tensor, inputs: Sequence[Tensor]) -> Row:
    # As in every backward pass, which runs outside of autocast.
    with torch.autocast(loss.device.type, enabled=False):
        return torch.autograd.grad(
            loss,
            inputs,
            factor.to(loss),
            retain_graph=True,
            allow_unused=True,
        )


def task_gradients(
    losses: Sequence[Tensor],
    factors: Sequence[Tensor],
    inputs: Sequence[Tensor],
) -> list[Row]:
    r"""T gradients :math:`f_t \nabla L_t`, with zeros where there is none.

    Each loss is differentiated by itself: out of a stacked tensor every
    backward pass would run through the heads of all.
    """
    rows = []
    for loss, factor in zip(losses, factors, strict=True):
        if loss.requires_grad:
            row = loss_gradient(loss, factor, inputs)
        else:
            row = [None] * len(inputs)
        rows.append(
            [
                torch.zeros_like(x) if g is None else g
                for g, x in zip(row, inputs, strict=True)
            ]
        )
    return rows


def view_gradients(
    losses: Sequence[Tensor],
    factors: Sequence[Tensor],
    views: Sequence[Sequence[Tensor]],
) -> list[Row]:
    """T gradients at the cut, wherever a loss passes it.

    Args:
        losses (Sequence[Tensor]): T scalars.
        factors (Sequence[Tensor]): of the losses, (T,).
        views (Sequence[Sequence[Tensor]]): of the same L levels.
    """
    levels = len(views[0])
    flat = [level for view in views for level in view]
    rows = task_gradients(losses, factors, flat)
    return [[sum(row[i::levels]) for i in range(levels)] for row in rows]


def shared_parameters(
    feats: Sequence[Tensor],
    model: nn.Module,
    patterns: Sequence[str] | None = None,
) -> list[nn.Parameter]:
    """Parameters of ``model`` that ``feats`` were computed from.

    Frozen ones are none of them; a pattern may name them, because a schedule
    releases them later. Under ``functional_call`` what stands in for a
    parameter counts, even if it was computed itself.

    Args:
        feats (Sequence[Tensor]): features with their graph.
        model (nn.Module): gives names and order.
        patterns (Sequence[str], optional): dotted names of parameters or
            modules, ``*`` allowed; None takes all.

    Raises:
        UserError: for a pattern that none of them matches, nor a frozen one,
            and where activations are checkpointed.
    """
    nodes = set(graph_nodes(feats))
    refuse_checkpointing(nodes, "TaskBranch(gramian='parameters')")
    # Of all nodes only those that accumulate into a leaf have a variable.
    leaves = {id(getattr(node, 'variable', None)) for node in nodes}
    named, frozen = {}, []
    for name, parameter in model.named_parameters():
        if id(parameter) in leaves or parameter.grad_fn in nodes:
            named[name] = parameter
        elif not parameter.requires_grad:
            frozen.append(name)
    if patterns is None:
        return list(named.values())
    chosen: set[str] = set()
    for pattern in patterns:
        found = matching(pattern, (*named, *frozen))
        if not found:
            raise UserError(
                f"parameters='{pattern}' matches no trained parameter that "
                f'the tasks share; near are {nearest(pattern, named)}'
            )
        chosen.update(found)
    return [p for name, p in named.items() if name in chosen]
