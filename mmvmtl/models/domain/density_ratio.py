r"""How much more likely a source sample is in the target: importance."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Hashable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mmvmtl.errors import UserError


def density_ratio(
    source: Tensor,
    target: Tensor,
    penalty: float = 1e-2,
    folds: int = 5,
    videos: tuple[Sequence[Hashable], Sequence[Hashable]] | None = None,
) -> Tensor:
    r"""Estimate :math:`p_t(x) / p_s(x)` at source rows by a discriminator.

    `Bickel et al., ICML 2007 <https://doi.org/10.1145/1273496.1273507>`_:
    a logistic regression tells target from source, and

    .. math:: w(x) = \frac{N_s}{N_t} \frac{P(t | x)}{P(s | x)}

    Each row is judged by a regression that was fitted without its video
    (cross fitting), because with many features and few rows one that saw it,
    or a neighbouring frame, would take every source row for source.

    Args:
        source (Tensor): (N, d).
        target (Tensor): (M, d).
        penalty (float): weight of :math:`\tfrac12 \|w\|^2` beside the mean
            cross entropy, on features scaled to deviation 1.
        folds (int): parts, each judged by the others; fewer if either has
            fewer videos.
        videos (tuple, optional): the video, a name or number, of each of
            the N and of the M rows; by itself each row is one of its own.

    Returns:
        Tensor: (N,) float64, positive.

    Raises:
        UserError: if either has fewer than two videos.
    """
    parts = videos or (range(len(source)), range(len(target)))
    counts = [len(set(part)) for part in parts]
    folds = min(folds, *counts)
    if folds < 2:
        raise UserError(
            'importance weights need clips of at least two videos of each '
            f'domain, not of {counts[0]} of the source and {counts[1]} of the '
            'target: add data, or correct the names of the domains'
        )
    fold_of, target_fold_of = (_numbers(part) % folds for part in parts)
    rows = torch.cat([source, target]).double()
    rows = (rows - rows.mean(0)) / rows.std(0).clamp(min=1e-12)
    source, target = rows[: len(source)], rows[len(source) :]
    weights = torch.empty(len(source), dtype=torch.float64)
    for fold in range(folds):
        mine = fold_of == fold
        others = target_fold_of != fold
        logits = fit_logistic(source[~mine], target[others], penalty)
        prior = (~mine).sum() / others.sum()
        weights[mine] = prior * logits(source[mine]).exp()
    return weights


def _numbers(videos: Sequence[Hashable]) -> Tensor:
    """Number of each row's video, (N,), from 0 as they appear."""
    known: dict[Hashable, int] = {}
    return torch.tensor([known.setdefault(v, len(known)) for v in videos])


def fit_logistic(source: Tensor, target: Tensor, penalty: float):
    """The log odds of 'target' as a function of rows, fitted by L-BFGS."""
    rows = torch.cat([source, target])
    truth = torch.cat([source.new_zeros(len(source)),
                       target.new_ones(len(target))])  # fmt: skip
    slope = rows.new_zeros(rows.shape[1], requires_grad=True)
    offset = rows.new_zeros((), requires_grad=True)
    solver = torch.optim.LBFGS(
        [slope, offset],
        max_iter=200,
        tolerance_grad=1e-9,
        line_search_fn='strong_wolfe',
    )

    def closure() -> Tensor:
        solver.zero_grad()
        loss = F.binary_cross_entropy_with_logits(rows @ slope + offset, truth)
        loss = loss + penalty / 2 * slope.square().sum()
        loss.backward()
        return loss

    with torch.enable_grad():
        solver.step(closure)
    return lambda x: (x @ slope + offset).detach()


def skada_ratio(source: Tensor, target: Tensor, name: str) -> Tensor:
    """Importance of source rows by an estimator of the package skada.

    Args:
        source (Tensor): (N, d).
        target (Tensor): (M, d).
        name (str): such as ``'Gaussian'`` for ``GaussianReweightAdapter``;
            one that needs no setting.

    Returns:
        Tensor: (N,) float64, >= 0, up to a factor.

    Raises:
        UserError: if skada is missing, or has no such estimator.
    """
    try:
        import skada
    except ImportError:
        raise UserError(
            f"the estimator '{name}' is one of the package skada, which is "
            "not installed: pip install skada, or use 'logistic'"
        ) from None
    end = 'ReweightAdapter'
    adapters = {
        key.removesuffix(end): adapter
        for key, adapter in vars(skada).items()
        if key.endswith(end) and has_defaults(adapter)
    }
    # skada 0.6.0 has its ratio upside down: P(s | x) / P(t | x).
    adapters.pop('Discriminator', None)
    names = list(adapters)
    if name not in names:
        near = difflib.get_close_matches(name, names, 1, 0)
        raise UserError(
            f"skada has no estimator '{name}' that needs no setting: it has "
            f'{", ".join(names)}; '
            f"did you mean '{''.join(near)}'?"
        )
    adapter = adapters[name]()
    rows = torch.cat([source, target]).double().numpy()
    # Its convention: sources are positive, targets negative.
    domain = np.array([1] * len(source) + [-2] * len(target))
    adapter.fit(rows, sample_domain=domain)
    weights = adapter.compute_weights(rows, sample_domain=domain)
    return torch.as_tensor(weights, dtype=torch.float64)[: len(source)]


def has_defaults(kind: type) -> bool:
    """Whether every argument of its constructor has a default."""
    return all(
        argument.default is not argument.empty
        for argument in inspect.signature(kind).parameters.values()
    )


def bounded(weights: Tensor, largest: float) -> Tensor:
    """Weights with mean 1, cut where they exceed ``largest`` of their mean.

    The cut c is the one for which the weights below it stay as they are to
    each other, and c is ``largest`` times the mean of what comes out. Where
    too few rows are above 0 for that, those all weigh the same.

    Args:
        weights (Tensor): (N,), >= 0 and not all 0.
        largest (float): >= 1; a few rows must not carry everything.
    """
    number = len(weights)
    falling = weights.double().sort(descending=True).values
    rest = falling.flip(0).cumsum(0).flip(0)
    cut = falling[falling > 0].min()
    for count, (weight, below) in enumerate(zip(falling, rest)):
        # With `count` rows at c: c = largest (count c + below) / number.
        room = number - count * largest
        if room <= 0 or below <= 0:
            break
        if weight <= largest * below / room:
            cut = largest * below / room
            break
    weights = weights.clamp(max=float(cut))
    return weights / weights.mean()


def effective_sample_size(weights: Tensor) -> float:
    r"""Kish's :math:`(\sum w)^2 / \sum w^2`, between 1 and N."""
    return float(weights.sum().square() / weights.square().sum())
