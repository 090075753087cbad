"""Drive the adversary of the model, and watch the game."""

from __future__ import annotations

import difflib
import math
from typing import Protocol, runtime_checkable

import numpy as np
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmvmtl.engine.hooks.data_parts import data_parts
from mmvmtl.engine.module_names import unwrap
from mmvmtl.errors import UserError
from mmvmtl.registry import HOOKS

#: Accuracies this near to chance, or to 1, count as being there.
NEAR_CHANCE, NEAR_ONE = 0.03, 0.01


@runtime_checkable
class Adversary(Protocol):
    """A part of a model whose force is driven from outside."""

    domains: tuple[str, ...]

    def set_scale(self, scale: float) -> None:
        """Set how much the features mind."""


@runtime_checkable
class Domained(Protocol):
    """A data set that knows the domains of its clips."""

    domains: frozenset[str]


def grl_scale(progress: float, gamma: float = 10.0) -> float:
    r"""How much features mind at a point of training.

    `Ganin et al., JMLR 2016 <https://arxiv.org/abs/1505.07818>`_:
    :math:`\lambda(p) = 2 / (1 + e^{-\gamma p}) - 1`.

    Args:
        progress (float): p, the share of training that is over, 0..1.
        gamma (float): how early it rises.
    """
    return 2 / (1 + math.exp(-gamma * progress)) - 1


def verdict(accuracies: np.ndarray, chance: float) -> str | None:
    """Whether the accuracies say that nobody plays.

    Args:
        accuracies (np.ndarray): of many iterations in a row, 0..1.
        chance (float): what guessing reaches.

    Returns:
        str | None: ``'perfect'`` if the discriminator was right all along,
        ``'chance'`` if it guessed, None in between.
    """
    mean = np.mean(accuracies)
    if mean >= 1 - NEAR_ONE:
        return 'perfect'
    return 'chance' if abs(mean - chance) <= NEAR_CHANCE else None


REMEDY = dict(
    perfect='the features do not mind: raise max_scale or the weight of the '
    'discriminator, or make it weaker (fewer channels)',
    chance='either the domains are aligned, or the discriminator learns '
    'nothing: compare the target metrics with a source-only run, and raise '
    'its weight or its channels if they are no better',
)


@HOOKS.register_module()
class DomainAdversarialHook(Hook):
    r"""Raise :math:`\lambda` of the model's adversary, and warn if it fails.

    The adversary is a part of the model, so that DDP knows it; this hook
    only drives it. :math:`\lambda` follows from progress alone and is set
    before every iteration, so a resumed run has the right one. The target
    data come with the training data set, as one ``ConcatDataset``.

    Accuracies are those logged as ``domain.acc_...``. Those that a mean
    teacher logs apart, as ``source_domain.acc_...`` and
    ``target_domain.acc_...``, are of one domain each, so their mean is
    judged. They are read from the message hub, which a checkpoint keeps.

    Args:
        module (str): dotted name of the adversary in the model.
        gamma (float): see :func:`grl_scale`.
        max_scale (float): :math:`\lambda` at the end.
        window (int): iterations that are judged together, and between two
            warnings; all, if training has fewer.

    Raises:
        UserError: if there is no adversary, or no training data of one of
            its domains.
    """

    def __init__(
        self,
        module: str = 'domain',
        gamma: float = 10.0,
        max_scale: float = 1.0,
        window: int = 200,
    ) -> None:
        self.module = module
        self.gamma = gamma
        self.max_scale = max_scale
        self.window = window

    def before_train(self, runner: Runner) -> None:
        """Find the adversary, and data of each of its domains."""
        self._adversary = self._find(runner)
        parts = list(data_parts(runner.train_dataloader.dataset))
        # One that tells none may give any, which nobody can ask.
        if not all(isinstance(p, Domained) and p.domains for p in parts):
            return
        have = frozenset().union(*(part.domains for part in parts))
        for name in self._adversary.domains:
            if name not in have:
                raise UserError(
                    f"no training data are of the domain '{name}', which "
                    f'{self.module} of the model compares: the data have '
                    f'{", ".join(sorted(have))}; add a data set of it, or '
                    'take it out of domains'
                )

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: object = None
    ) -> None:
        r"""Set :math:`\lambda`."""
        scale = self._scale(runner)
        self._adversary.set_scale(scale)
        runner.message_hub.update_scalar(f'train/{self.module}.scale', scale)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: object = None,
        outputs: dict | None = None,
    ) -> None:
        """Judge each accuracy once a window, when the features mind."""
        window = min(self.window, runner.max_iters)
        if (runner.iter + 1) % window:
            return
        if self._scale(runner) < self.max_scale / 2:
            return
        start = f'{self.module.rpartition(".")[2]}.acc_'
        branches: dict[str, dict[str, np.ndarray]] = {}
        for key, history in runner.message_hub.log_scalars.items():
            branch, here, what = key.removeprefix('train/').partition(start)
            latest = history.data[0][-window:]
            if here and len(latest) == window:
                branches.setdefault(start + what, {})[branch] = latest
        for name, parts in branches.items():
            if '' in parts:
                self._judge(runner, name, parts[''])
            elif len(parts) > 1:
                self._judge(runner, name, np.mean(list(parts.values()), 0))

    def _judge(
        self, runner: Runner, name: str, accuracies: np.ndarray
    ) -> None:
        found = verdict(accuracies, 1 / len(self._adversary.domains))
        if found is not None:
            runner.logger.warning(
                f'{name} was {np.mean(accuracies):.2f} over '
                f'{len(accuracies)} iterations ({found}): {REMEDY[found]}'
            )

    def _scale(self, runner: Runner) -> float:
        progress = runner.iter / runner.max_iters
        return self.max_scale * grl_scale(progress, self.gamma)

    def _find(self, runner: Runner) -> Adversary:
        modules = dict(unwrap(runner.model).named_modules())
        found = modules.get(self.module)
        if isinstance(found, Adversary):
            return found
        # That of a mean teacher plays no game.
        able = [
            name
            for name, module in modules.items()
            if isinstance(module, Adversary)
            and any(p.requires_grad for p in module.parameters())
        ]
        near = difflib.get_close_matches(self.module, able, 1, 0)
        raise UserError(
            f"the model has no adversary called '{self.module}': "
            + (
                f"set module='{near[0]}'"
                if near
                else "add model.domain=dict(type='mmvmtl.DomainAdversary', "
                '...), or take the hook out'
            )
        )
