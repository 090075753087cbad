"""Gradient descent on a few parameters that leaves the model alone."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import (
    AbstractContextManager,
    ExitStack,
    contextmanager,
    nullcontext,
)
from typing import Protocol, runtime_checkable
from unittest import mock

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.batchnorm import _BatchNorm

from mmvmtl.autograd_graph import no_checkpointing, own_parameters
from mmvmtl.errors import UserError

Params = dict[str, Tensor]
#: A loss, (), of some parameters; the model's own stand in for the others.
Loss = Callable[[Params], Tensor]
#: What a detector runs before its heads, in this order.
TRUNK = ('backbone', 'neck')


@runtime_checkable
class Balancing(Protocol):
    """A module that balances tasks: :class:`TaskBranch`."""

    def holding(self) -> AbstractContextManager:
        """While it holds, it measures nothing and moves no state."""


def named_parts(model: nn.Module, parts: Sequence[str] | None) -> Params:
    """The trainable parameters in the modules named ``parts``; all if None.

    Raises:
        UserError: If a name is no part of the model with such parameters.
    """
    every = {k: p for k, p in model.named_parameters() if p.requires_grad}
    if parts is None:
        return every
    for part in parts:
        if not any(f'{name}.'.startswith(f'{part}.') for name in every):
            known = [name for name, _ in model.named_modules() if name]
            near = difflib.get_close_matches(part, known, 1, 0)
            raise UserError(
                f'the model has no trainable part {part!r}; did you mean '
                f'{near[0] if near else None!r}?'
            )
    return {
        name: value
        for name, value in every.items()
        if any(f'{name}.'.startswith(f'{part}.') for part in parts)
    }


def freeze_norm_statistics(model: nn.Module) -> None:
    """Put batch norms into eval mode.

    The statistics of K frames are too noisy to normalise by, and those of
    an episode must not reach the next one.
    """
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.eval()


@contextmanager
def as_one_process() -> Iterator[None]:
    """Reduce nothing over ranks: an episode is a training of its own.

    MMDet's and our losses divide by numbers of all ranks; those of an episode
    must not depend on which other one a rank happens to look at.
    """
    with mock.patch('torch.distributed.is_initialized', return_value=False):
        yield


def model_loss(
    model: BaseModel, data: dict, moving: Collection[str] | None = None
) -> Loss:
    """The model's total loss on ``data`` as a function of parameters.

    Every call has buffers of its own, so that what a forward writes into
    them reaches neither the model nor the next call. Balancing methods hold
    their weights; those that scale heads give the plain sum.

    Args:
        model (BaseModel): without a DDP wrapper.
        data (dict): what its preprocessor gave.
        moving (Collection[str], optional): parameters that differ from call
            to call; all if None. What backbone and neck gave at first is
            used again if none of these is in them.

    Raises:
        UserError: when called, if a part that is given other parameters
            checkpoints activations.
    """
    still = _still(model, moving)
    kept: dict[str, object] = {}

    def loss(parameters: Params) -> Tensor:
        buffers = {k: v.clone() for k, v in model.named_buffers()}
        with (
            _runs_once(still, kept, parameters),
            _balancing_held(model),
            no_checkpointing('adaptation by gradient steps'),
        ):
            losses = functional_call(
                model,
                _everywhere(model, {**buffers, **parameters}),
                (),
                {**data, 'mode': 'loss'},
                tie_weights=False,
            )
        return model.parse_losses(losses)[0]

    return loss


@contextmanager
def _balancing_held(model: nn.Module) -> Iterator[None]:
    with ExitStack() as stack:
        for module in model.modules():
            if isinstance(module, Balancing):
                stack.enter_context(module.holding())
        yield


def _still(
    model: nn.Module, moving: Collection[str] | None
) -> dict[str, nn.Module]:
    """The first parts of the trunk whose output stays as it is, by name."""
    found: dict[str, nn.Module] = {}
    for name in TRUNK:
        part = getattr(model, name, None)
        if part is None:
            continue
        if moving is None or any(k.startswith(f'{name}.') for k in moving):
            break
        found[name] = part
    return found


@contextmanager
def _runs_once(
    modules: dict[str, nn.Module],
    kept: dict[str, object],
    replaced: Collection[str],
) -> Iterator[None]:
    """Each of ``modules`` gives what is ``kept`` of it, or keeps it.

    One of which no parameter is ``replaced`` may checkpoint activations.
    """

    def once(name: str, forward: Callable) -> Callable:
        own = not any(k.startswith(f'{name}.') for k in replaced)

        def run(*args, **kwargs):
            if name not in kept:
                with own_parameters() if own else nullcontext():
                    kept[name] = forward(*args, **kwargs)
            return kept[name]

        return run

    with ExitStack() as stack:
        for name, part in modules.items():
            patched = once(name, part.forward)
            stack.enter_context(mock.patch.object(part, 'forward', patched))
        yield


def _everywhere(model: nn.Module, tensors: Params) -> Params:
    """``tensors`` by every place where those they stand for are.

    torch's own tying swaps the tensors of a module that has several names
    (RTMDet's shared convolutions) once per name, and puts back the wrong one.
    """
    named = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    by_id = {id(named[name]): value for name, value in tensors.items()}
    return {
        name: by_id[id(tensor)]
        for prefix, module in model.named_modules()
        for name, tensor in (
            *module.named_parameters(prefix, recurse=False),
            *module.named_buffers(prefix, recurse=False),
        )
        if id(tensor) in by_id
    }


def descend(
    losses: Sequence[Loss],
    parameters: Params,
    lr: float,
    steps: int,
    second_order: bool = False,
    max_norm: float | None = None,
) -> Params:
    r"""``steps`` of :math:`\phi \leftarrow \phi - \alpha \nabla L(\phi)`.

    Args:
        losses (Sequence[Callable]): step i descends on the i-th, cyclically.
        parameters (dict[str, Tensor]): where it begins; not changed.
        lr (float): :math:`\alpha`.
        steps (int): number of steps.
        second_order (bool): whether the result stays a differentiable
            function of ``parameters``; else it consists of new leaves.
        max_norm (float, optional): a gradient over all parameters that is
            longer is shortened to this, by a factor taken as a constant.

    Returns:
        dict[str, Tensor]: parameters by name.
    """
    if not second_order:
        parameters = {
            k: v.detach().requires_grad_() for k, v in parameters.items()
        }
    for step in range(steps):
        names = list(parameters)
        grads = torch.autograd.grad(
            losses[step % len(losses)](parameters),
            [parameters[name] for name in names],
            create_graph=second_order,
            allow_unused=True,
        )
        rate = lr * _shortened(grads, max_norm)
        moved = dict(parameters)
        for name, grad in zip(names, grads, strict=True):
            if grad is not None:
                moved[name] = parameters[name] - rate * grad
                if not second_order:
                    moved[name] = moved[name].detach().requires_grad_()
        parameters = moved
    return parameters


def _shortened(
    grads: Sequence[Tensor | None], max_norm: float | None
) -> Tensor | float:
    found = [grad.detach() for grad in grads if grad is not None]
    if max_norm is None or not found:
        return 1.0
    norm = torch.stack([grad.norm() for grad in found]).norm()
    return (max_norm / norm).clamp(max=1)
