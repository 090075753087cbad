"""What an observer sees of one training step: task losses and their graph.

Models of several tasks hand a :class:`TaskGraph` to their ``observer``; hooks
and reports read from it and need not know the model.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import torch
from torch import Tensor, nn

from mmvmtl.errors import UserError

#: A trunk tensor, and the tensors at which the tasks' graphs end in its place.
Cut = list[tuple[Tensor, list[Tensor]]]

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
        cut (list): (trunk output, the views of it the tasks have) where a
            balancing branch stands between trunk and heads. Gradients are
            carried around it, because what passes through it is mixed.
    """

    tasks: tuple[str, ...]
    losses: Tensor
    active: Tensor
    weights: Tensor
    cut: Cut = field(default_factory=list)

    def gradients(
        self, parameters: Sequence[nn.Parameter], scale: float = 1.0
    ) -> Tensor:
        """Gradient of each task's loss, (T, P), as float32 or better.

        ``.grad`` is not touched, so that it is safe inside a DDP forward;
        the graph is kept for the backward of the step.

        Args:
            parameters (Sequence[Parameter]): P numbers, before the cut.
            scale (float): losses are multiplied and gradients divided by it,
                as a GradScaler does for float16.
        """
        rows = []
        # A backward runs outside of autocast, whatever surrounds this call.
        with torch.autocast(self.losses.device.type, enabled=False):
            for loss, active in zip(self.losses, self.active.tolist()):
                found: Sequence[Tensor | None] = [None] * len(parameters)
                if active and loss.requires_grad:
                    found = self._gradient(loss * scale, parameters)
                rows.append(_flat(found, parameters) / scale)
        return torch.stack(rows)

    def _gradient(
        self, loss: Tensor, parameters: Sequence[nn.Parameter]
    ) -> Sequence[Tensor | None]:
        keep = dict(retain_graph=True, allow_unused=True)
        if not self.cut:
            return torch.autograd.grad(loss, parameters, **keep)
        views = [view for _, each in self.cut for view in each]
        found = iter(torch.autograd.grad(loss, views, **keep))
        outputs, arriving = [], []
        for output, each in self.cut:
            parts = [next(found) for _ in each]
            parts = [part for part in parts if part is not None]
            if parts and output.requires_grad:
                outputs.append(output)
                arriving.append(sum(parts))
        if not outputs:
            return [None] * len(parameters)
        return torch.autograd.grad(outputs, parameters, arriving, **keep)


def _flat(found: Sequence, parameters: Sequence[nn.Parameter]) -> Tensor:
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
            every training forward, before its backward. Set it for a step
            only: a model that is copied takes it along.
    """

    observer: Callable[[TaskGraph], None] | None = None

    def tell_observer(
        self,
        tasks: Sequence[str],
        losses: Tensor,
        active: Tensor,
        total: tuple[Tensor, Tensor],
        cut: Iterable[tuple[Tensor, Iterable[Tensor]]],
    ) -> None:
        """Tell the observer, if there is one.

        Args:
            tasks (Sequence[str]): names of the T tasks.
            losses (Tensor): (T,).
            active (Tensor): (T,) bool.
            total (tuple[Tensor, Tensor]): the weighted total, (), and the
                losses, (T,), it was made of.
            cut (Iterable): see :class:`TaskGraph`; a view that is the trunk
                tensor itself, or comes twice, is taken once.
        """
        if self.observer is None:
            return
        (weights,) = torch.autograd.grad(
            *total, retain_graph=True, allow_unused=True
        )
        if weights is None:
            weights = torch.zeros_like(losses)
        pairs = [
            (output, list({id(view): view for view in views}.values()))
            for output, views in cut
        ]
        if all(views == [output] for output, views in _same(pairs)):
            pairs = []
        self.observer(
            TaskGraph(tuple(tasks), losses, active, weights.detach(), pairs)
        )


def _same(pairs: Cut) -> list[tuple[int, list[int]]]:
    """The pairs with identities instead of tensors."""
    return [(id(o), [id(view) for view in views]) for o, views in pairs]


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
        inside = [name for name in names if _is_in(name, pattern)]
        if not inside and patterns is not None:
            raise _unknown(pattern, model)
        found.update({name: names[name] for name in inside})
    return {name: p for name, p in found.items() if p.requires_grad}


def _is_in(name: str, pattern: str) -> bool:
    return name.startswith(f'{pattern}.') or fnmatchcase(name, pattern)


def _unknown(pattern: str, model: nn.Module) -> UserError:
    known = [name for name, _ in model.named_modules() if name]
    near = difflib.get_close_matches(pattern, known, 3, 0)
    return UserError(
        f"'{pattern}' names no parameter of {type(model).__name__}; near "
        f'are {", ".join(near)}'
    )
