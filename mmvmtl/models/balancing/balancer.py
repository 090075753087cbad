"""From a Gramian to the weights of a step, with all that can go wrong."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.dist import broadcast
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmvmtl.errors import UserError
from mmvmtl.models.balancing.gramian_weighting import build_weighting
from mmvmtl.models.clock import tick


class Balancer(BaseModule):
    r"""Weigh the gradients of T tasks, every k forward passes anew.

    What is called a step here and in the methods is a forward pass in
    training: with accumulated gradients a micro-batch, not a step of the
    optimizer.

    The method sees the tasks that are active and have a gradient, and a
    Gramian of mean diagonal 1 (so that neither a loss scale nor the learning
    progress changes what it does). Its weights are those of rank 0, and
    their absolute values are made to sum to the number of these tasks: a
    method chooses a direction, not a learning rate. A Gramian that is not
    finite means the plain sum and moves no state, and so do fewer than two
    such tasks. What a forward pass has changed is taken back if the optimizer
    leaves its step out, as a gradient scaler makes it do after an overflow.

    Args:
        tasks (Sequence[str]): names of the T tasks.
        weighting (str | dict): name or config of a
            :class:`GramianWeighting`.
        interval (int): k >= 1; None is 1 for features, 10 for parameters.
        gramian (str): ``'features'`` or ``'parameters'``; None is what the
            method is made for.

    Attributes:
        grad_norms (Tensor): (T,), of the last gradients, in units of the loss
            as it was scaled; NaN for a task without one.
        grad_cosines (Tensor): (T, T), of the same.
        step_weights (Tensor): (T,), those last used; 1 without a gradient.
        begins_anew (bool): as in :class:`BaseWeighting`.

    Raises:
        ValueError: on an unknown method or source, or an interval below 1.
    """

    begins_anew = True

    def __init__(
        self,
        tasks: Sequence[str],
        weighting: str | dict,
        gramian: str | None = None,
        interval: int | None = None,
    ) -> None:
        super().__init__()
        count = len(tasks)
        self.weighting = build_weighting(weighting, count)
        self.source = gramian or self.weighting.source
        if self.source not in ('features', 'parameters'):
            raise UserError(
                f"gramian='{gramian}' is unknown: use 'features' or "
                "'parameters'"
            )
        if interval is None:
            interval = 1 if self.source == 'features' else 10
        if interval < 1 or int(interval) != interval:
            raise UserError(
                f'interval={interval}: write a whole number of steps, at '
                'least 1'
            )
        self.interval = interval
        self.register_buffer('weights', torch.ones(count))
        self.register_buffer('steps', torch.zeros((), dtype=torch.long))
        # One element, not none: FSDP shards the first dimension.
        self.clock = nn.Parameter(torch.zeros(1))
        # State at the last step of the optimizer, if it has changed since.
        self._settled: dict[str, Tensor] | None = None
        # Whether a backward pass has been since.
        self._reached = False
        # A checkpoint has the state of the last step of the optimizer.
        self.register_state_dict_pre_hook(_settle)
        self.grad_norms = torch.full((count,), torch.nan)
        self.grad_cosines = torch.full((count, count), torch.nan)
        self.step_weights = torch.ones(count, dtype=torch.float64)

    def is_due(self) -> bool:
        """Whether this step measures gradients."""
        return self.interval == 1 or int(self.steps) % self.interval == 0

    @torch.no_grad()
    def settle(self) -> None:
        """Before a forward pass: keep what the last ones have changed.

        Or take it back, where the optimizer was asked for a step and made
        none. It was asked if there was a backward pass and its gradients are
        gone: micro-batches that are still gathered have theirs, and of two
        forward passes for one backward the first one's state stays.
        """
        grad = self.clock.grad if self.clock.is_leaf else None
        if bool(self.clock.ne(0).any()):
            self.clock.zero_()
        elif self._settled is not None:
            gathering = grad is not None and bool(grad.any())
            if gathering or not self._reached:
                return
            for name, buffer in self.named_buffers():
                buffer.copy_(self._settled[name])
        self._settled = None
        self._reached = False

    def tick(self) -> Tensor:
        """A zero, (), whose gradient shows that the optimizer steps."""
        zero = tick(self.clock)
        if zero.requires_grad:
            zero.register_hook(self._reach)
        return zero

    def _reach(self, grad: Tensor) -> None:
        self._reached = True

    def _unsettle(self) -> None:
        """Remember the state before it changes."""
        if self._settled is None:
            self._settled = {k: v.clone() for k, v in self.named_buffers()}

    @torch.no_grad()
    def held(self, active: Tensor) -> Tensor:
        """Weights (T,) from before; those ``active`` (T,) sum to their number.

        Absolutely. Others are 1: they have no gradient. A negative weight is
        right beside all others only, so without one of them it means the
        plain sum.
        """
        weights = self.weights.double().cpu()
        active = active.cpu()
        total = weights[active].abs().sum()
        split = (weights[active] < 0).any() and not active.all()
        if split or not total > 0:
            return torch.ones_like(weights)
        scale = active.sum() / total
        return torch.where(active, weights * scale, 1.0)

    def pass_by(self, active: Tensor) -> Tensor:
        """Count a step that measures nothing; the weights (T,) that hold."""
        self._unsettle()
        self.steps += 1
        return self.held(active)

    @torch.no_grad()
    def observe(
        self, gramian: Tensor, active: Tensor, losses: Tensor
    ) -> Tensor:
        """Ask the method; weights (T,) for this step.

        Args:
            gramian (Tensor): (T, T), equal on all ranks.
            active (Tensor): (T,) bool, equal on all ranks.
            losses (Tensor): (T,), means over ranks; zeros if not needed.
        """
        # Through numbers, because torch.func wraps tensors.
        gramian = torch.tensor(gramian.tolist(), dtype=torch.float64)
        losses = torch.tensor(losses.tolist(), dtype=torch.float64)
        weights = torch.ones(len(gramian), dtype=torch.float64)
        if not (gramian.isfinite().all() and losses.isfinite().all()):
            return weights
        self._unsettle()
        self.steps += 1
        seen = active.cpu() & (gramian.diagonal() > 0)
        self._describe(gramian, seen)
        index = seen.nonzero().flatten()
        if len(index) < 2:
            return weights
        part = gramian[index][:, index]
        part = part / part.diagonal().mean()
        found = self.weighting(part, index, losses[index])
        if not (found.isfinite().all() and found.abs().sum() > 0):
            found = torch.ones_like(found)
        found = found * (len(index) / found.abs().sum())
        # Ranks may round differently; the trunk must not.
        broadcast(found)
        weights[index] = found
        # The share that these had together stays: absent tasks have theirs
        # from a measurement among more of them.
        rows = index.to(self.weights.device)
        share = self.weights[rows].abs().sum() / len(index)
        found = found.to(self.weights)
        self.weights[rows] = found * torch.where(share > 0, share, 1)
        return weights

    def _describe(self, gramian: Tensor, seen: Tensor) -> None:
        """Norms and cosines for whoever wants to look."""
        norms = torch.where(seen, gramian.diagonal().sqrt(), torch.nan)
        self.grad_norms = norms.float()
        self.grad_cosines = (gramian / norms[:, None] / norms[None]).float()


def _settle(balancer: Balancer, prefix: str, keep_vars: bool) -> None:
    """Not a method bound to one: a copied model keeps its hooks."""
    balancer.settle()
