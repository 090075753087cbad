"""Muon for convolutions: fewer iterations from scratch than AdamW takes."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.adamw import adamw

from mmvmtl.errors import UserError
from mmvmtl.registry import OPTIMIZERS

#: Of the quintic Newton-Schulz iteration, by Keller Jordan.
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
#: Root mean square of AdamW's updates, which the others are scaled to.
UPDATE_RMS = 0.2
#: Fewer channels in or out have no spectrum worth evening out.
MIN_SIDE = 16


@OPTIMIZERS.register_module()
class Muon(Optimizer):
    r"""Orthogonalised momentum for filters, AdamW for everything else.

    `Muon <https://kellerjordan.github.io/posts/muon>`_ replaces the momentum
    of a weight matrix by the nearest matrix whose singular values are all
    about 1, so that rare directions learn as fast as common ones. As in
    `Liu et al. 2025 <https://arxiv.org/abs/2502.16982>`_ the update is then
    scaled to the root mean square of AdamW's, 0.2, so that one learning rate
    and one weight decay serve both kinds of parameters.

    ``torch.optim.Muon`` takes matrices only. Here a convolution counts as
    its (out, in × kernel) matrix; AdamW updates biases, norms, depthwise
    filters, and what has less than 16 channels in or out: first layers, and
    last ones of few classes. Under FSDP, which hands out pieces of
    parameters, it is not Muon; use DDP.

    A matrix whose gradient is all zeros, as that of a task without labels in
    the batch, gets no update: what is left of its momentum would,
    orthogonalised, be a whole step.

    Args:
        params (Iterable): Parameters or groups of them.
        lr (float): Learning rate :math:`\ge 0`.
        weight_decay (float): Decoupled, times the learning rate.
        momentum (float): Nesterov momentum of the matrices, 0..1.
        betas (tuple[float, float]): Of AdamW.
        eps (float): Of AdamW.
        steps (int): Newton-Schulz iterations.

    Raises:
        ValueError: A number is out of its range.
    """

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-3,
        weight_decay: float = 0.05,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        steps: int = 5,
    ) -> None:
        if lr < 0 or weight_decay < 0 or eps < 0 or steps < 1:
            raise UserError(
                f'lr={lr}, weight_decay={weight_decay} and eps={eps} must '
                f'not be negative, steps={steps} must be at least 1'
            )
        if not all(0 <= beta < 1 for beta in (momentum, *betas)):
            raise UserError(
                f'momentum={momentum} and betas={betas} must lie in 0..1'
            )
        super().__init__(
            params,
            dict(
                lr=lr,
                weight_decay=weight_decay,
                momentum=momentum,
                betas=betas,
                eps=eps,
                steps=steps,
            ),
        )

    @torch.no_grad()
    def step(self, closure: Callable | None = None) -> Tensor | None:
        """Update the parameters that have a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        alike: dict[tuple, list] = defaultdict(list)
        for group in self.param_groups:
            rest = []
            for parameter in group['params']:
                if parameter.grad is None:
                    continue
                if not is_matrix(parameter):
                    rest.append(parameter)
                    continue
                key = (
                    *(parameter.shape, parameter.device),
                    *(parameter.dtype, group['steps']),
                )
                alike[key].append((parameter, group))
            if rest:
                self._adamw(rest, group)
        for (*_, steps), members in alike.items():
            # Matrices of one shape go through one batched product.
            updates = orthogonalise(
                torch.stack([self._momentum(p, g) for p, g in members]), steps
            )
            scale = UPDATE_RMS * math.sqrt(max(updates.shape[1:]))
            for (parameter, group), update in zip(
                members, updates, strict=True
            ):
                parameter.mul_(1 - group['lr'] * group['weight_decay'])
                parameter.add_(
                    update.reshape(parameter.shape).to(parameter),
                    alpha=-group['lr'] * scale,
                )
        return loss

    def _momentum(self, parameter: Tensor, group: dict) -> Tensor:
        """Nesterov's look ahead, (out, in × kernel); 0 without gradient."""
        state = self.state[parameter]
        if not state:
            state['momentum'] = torch.zeros_like(parameter)
        momentum, grad = state['momentum'], parameter.grad
        # Not read on the host: that would wait for the GPU once a matrix.
        moves = grad.any()
        momentum.lerp_(
            torch.where(moves, grad, momentum), 1 - group['momentum']
        )
        ahead = grad.lerp(momentum, group['momentum'])
        return torch.where(moves, ahead, 0).flatten(1)

    def _adamw(self, parameters: list[Tensor], group: dict) -> None:
        states = [self.state[parameter] for parameter in parameters]
        for parameter, state in zip(parameters, states, strict=True):
            if not state:
                state['step'] = torch.tensor(0.0)
                state['exp_avg'] = torch.zeros_like(parameter)
                state['exp_avg_sq'] = torch.zeros_like(parameter)
        beta1, beta2 = group['betas']
        adamw(
            parameters,
            [parameter.grad for parameter in parameters],
            [state['exp_avg'] for state in states],
            [state['exp_avg_sq'] for state in states],
            [],
            [state['step'] for state in states],
            amsgrad=False,
            beta1=beta1,
            beta2=beta2,
            lr=group['lr'],
            weight_decay=group['weight_decay'],
            eps=group['eps'],
            maximize=False,
        )


def is_matrix(parameter: Tensor) -> bool:
    """Whether Muon updates a parameter; else AdamW does."""
    return parameter.dim() >= 2 and min(parameter.shape[:2]) >= MIN_SIDE


def orthogonalise(matrices: Tensor, steps: int = 5) -> Tensor:
    """Nearly the orthogonal factors of ``matrices`` (B, m, n).

    Singular values come out between about 0.7 and 1.2, those that were less
    than a hundredth of the norm below that: the iteration trades precision
    for speed. Runs in bfloat16 on a GPU.
    """
    x = matrices.bfloat16() if matrices.is_cuda else matrices.float()
    wide = x.shape[1] <= x.shape[2]
    x = x if wide else x.mT
    x = x / x.flatten(1).norm(dim=1).clamp_min(1e-7)[:, None, None]
    # The short form squares rounding errors: not for bfloat16.
    short = x.dtype == torch.float32 and x.shape[2] >= 2 * x.shape[1]
    x = (_newton_schulz_of_gram if short else _newton_schulz)(x, steps)
    return x if wide else x.mT


def _newton_schulz(x: Tensor, steps: int) -> Tensor:
    r""":math:`X \leftarrow (a I + b X X^T + c (X X^T)^2) X`, (B, m, n)."""
    a, b, c = COEFFICIENTS
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(
            x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a
        )
    return x


def _newton_schulz_of_gram(x: Tensor, steps: int) -> Tensor:
    r"""The same with all but two products among (m, m), for m << n.

    The polynomials :math:`P_k` commute with :math:`G = X X^T`, so
    :math:`G \leftarrow P_k G P_k`, and X is multiplied once, by their product.
    """
    a, b, c = COEFFICIENTS
    gram = x @ x.mT
    whole = torch.eye(x.shape[1]).to(x).expand_as(gram)
    for _ in range(steps):
        part = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        part.diagonal(dim1=1, dim2=2).add_(a)
        whole = part @ whole
        gram = part @ gram @ part
    return whole @ x
