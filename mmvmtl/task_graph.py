"""What an observer sees of one training step: task losses and their graph.

Models of several tasks hand a :class:`TaskGraph` to their ``observer``; hooks
and reports read from it and need not know the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mmvmtl.autograd_graph import graph_nodes, refuse_checkpointing
from mmvmtl.errors import UserError
from mmvmtl.parameter_names import matching, nearest

#: What tasks share in the models of MMDetection, MMAction2 and ours.
TRUNK = ('backbone', 'neck')


@dataclass
class TaskGraph:
    """Losses of one forward, still connected to the parameters.

    Attributes:
        tasks (tuple[str]): names of the T tasks.
        losses (Tensor): (T,), unweighted, of this process.
        active (Tensor): (T,) bool, tasks that are labelled on some rank.
        weights (Tensor): (T,), the derivative of the total by each loss: what
            a task's head is trained with.
    """

    tasks: tuple[str, ...]
    losses: Tensor
    active: Tensor
    weights: Tensor

    def gradients(
        self, parameters: Sequence[nn.Parameter], scale: float = 1.0
    ) -> Tensor:
        """Gradient of each task's loss, (T, P), in the parameters' type.

        ``.grad`` is not touched, so that it is safe inside a DDP forward;
        the graph is kept for the backward of the step.

        Args:
            parameters (Sequence[Parameter]): P numbers; there may be none.
            scale (float): losses are multiplied and gradients divided by it,
                as a GradScaler does for float16.

        Raises:
            UserError: where activations are checkpointed.
        """
        if not parameters:
            return self.losses.new_zeros(len(self.tasks), 0)
        refuse_checkpointing(list(graph_nodes([self.losses])), 'this report')
        rows = []
        # A backward runs outside of autocast, whatever surrounds this call.
        with torch.autocast(self.losses.device.type, enabled=False):
            for loss, active in zip(self.losses, self.active.tolist()):
                found: Sequence[Tensor | None] = [None] * len(parameters)
                if active and loss.requires_grad:
                    found = torch.autograd.grad(
                        loss * scale,
                        parameters,
                        retain_graph=True,
                        allow_unused=True,
                    )
                rows.append(_flat(found, parameters) / scale)
        return torch.stack(rows)


def _flat(
    found: Sequence[Tensor | None], parameters: Sequence[nn.Parameter]
) -> Tensor:
    return torch.cat(
        [
            (torch.zeros_like(p) if g is None else g).flatten()
            for g, p in zip(found, parameters, strict=True)
        ]
    )


class Observed:
    """A model of several tasks that can be observed while it trains.

    Attributes:
        observer (Callable, optional): is given the :class:`TaskGraph` of
            every training forward, before anything is balanced. Set it for
            a step only: a model that is copied takes it along.
    """

    observer: Callable[[TaskGraph], None] | None = None

    def tell_observer(
        self,
        tasks: Sequence[str],
        losses: Tensor,
        active: Tensor,
        total: Tensor,
    ) -> None:
        """Tell the observer, if there is one.

        Args:
            tasks (Sequence[str]): names of the T tasks.
            losses (Tensor): (T,), with their graph.
            active (Tensor): (T,) bool.
            total (Tensor): (), what the weighting made of ``losses``.
        """
        if self.observer is None:
            return
        (weights,) = torch.autograd.grad(
            total, losses, retain_graph=True, allow_unused=True
        )
        if weights is None:
            weights = torch.zeros_like(losses)
        self.observer(TaskGraph(tuple(tasks), losses, active, weights))


def named_parameters(
    model: nn.Module, patterns: Sequence[str] | None = None
) -> dict[str, nn.Parameter]:
    """Trainable parameters of the named parts of a model.

    Args:
        model (nn.Module): not wrapped.
        patterns (Sequence[str], optional): dotted names of modules or
            parameters, or patterns with ``*``; without them ``backbone`` and
            ``neck``, as far as the model has them.

    Raises:
        UserError: a name matches no parameter.
    """
    names = dict(model.named_parameters())
    chosen = TRUNK if patterns is None else patterns
    found = {}
    for pattern in chosen:
        inside = matching(pattern, names)
        if not inside and patterns is not None:
            raise UserError(
                f"'{pattern}' names no parameter of {type(model).__name__}; "
                f'near are {nearest(pattern, names)}'
            )
        found.update({name: names[name] for name in inside})
    return {name: p for name, p in found.items() if p.requires_grad}
