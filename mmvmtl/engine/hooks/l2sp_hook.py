"""Pull fine-tuned weights back to where they started: L2-SP."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor
from torch.optim import Optimizer

from mmvmtl.engine.module_names import find_modules, only_optimizer, unwrap
from mmvmtl.engine.scaled_gradients import gradient_scale
from mmvmtl.errors import UserError
from mmvmtl.registry import HOOKS

KEY = 'mmvmtl_l2sp'


@HOOKS.register_module()
class L2SPHook(Hook):
    r"""Penalise the distance from the starting point.

    `Li et al., ICML 2018 <https://arxiv.org/abs/1802.01483>`_: for
    pretrained weights :math:`w_S` that began at :math:`w^0_S`, and new ones
    :math:`w_N`,

    .. math:: \Omega(w) = \frac{\alpha}{2} \|w_S - w^0_S\|^2
                        + \frac{\beta}{2} \|w_N\|^2

    Its gradient is added when the optimizer steps: once per step whatever
    is accumulated, whatever the loss scale, after clipping, the same on
    every rank.
    A parameter without gradient (frozen, unused) is left alone. It replaces
    weight decay, so set the optimizer's to 0.

    The starting point is what training begins with, so the hook works with
    ``load_from``, ``init_cfg`` and ``mmvmtl.FinetuneCheckpointHook``; it is
    stored in checkpoints, and a resumed run has the same one. The penalty
    is logged as ``l2sp``.

    Args:
        modules (str or Sequence[str]): The pretrained ones, by name or
            pattern; all others are new.
        alpha (float): :math:`\alpha \ge 0`, of the pretrained ones.
        beta (float): :math:`\beta \ge 0`, of the new ones.

    Raises:
        ValueError: If a factor is negative.
        UserError: When training starts: a name that matches nothing.
    """

    def __init__(
        self,
        modules: str | Sequence[str],
        alpha: float = 0.01,
        beta: float = 0.01,
    ) -> None:
        if alpha < 0 or beta < 0:
            raise UserError(
                f'alpha={alpha} and beta={beta} of L2SPHook must not be '
                'negative'
            )
        self.modules = modules
        self.alpha = alpha
        self.beta = beta
        self._stored: dict[str, Tensor] | None = None
        self._start: dict[str, Tensor] | None = None

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Take the starting point of the run that is resumed."""
        # Loaded to begin with, another run's starting point is not ours.
        if runner._resume:
            if KEY not in checkpoint:
                raise UserError(
                    'the resumed checkpoint has no starting point of '
                    'L2SPHook, so it was trained without; begin with it by '
                    'load_from instead of resuming it.'
                )
            self._stored = checkpoint[KEY]

    def before_train(self, runner: Runner) -> None:
        """Keep the starting point, and stand before the optimizer."""
        model = unwrap(runner.model)
        found = find_modules(model, self.modules, 'L2SPHook')
        inside = {id(p) for m in found.values() for p in m.parameters()}
        self._old, self._new, self._start = [], [], {}
        for name, parameter in model.named_parameters():
            if id(parameter) not in inside:
                self._new.append(parameter)
                continue
            start = (self._stored or {}).get(name, parameter.detach())
            self._start[name] = start.to(parameter, copy=True)
            self._old.append((parameter, self._start[name]))
        self._runner = runner
        optimizer = only_optimizer(runner, type(self).__name__)
        self._handle = optimizer.register_step_pre_hook(self._pull)

    def after_train(self, runner: Runner) -> None:
        """Leave the optimizer as it was."""
        self._handle.remove()

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Store the starting point, a dict of tensors, once there is one."""
        # What is saved outside training, as by tools/adapt.py, has none.
        if self._start is not None:
            checkpoint[KEY] = {k: v.cpu() for k, v in self._start.items()}

    @torch.no_grad()
    def _pull(self, optimizer: Optimizer, args: tuple, kwargs: dict) -> None:
        scale = gradient_scale(optimizer)
        penalty = 0.0
        for parameter, start in self._old:
            if parameter.grad is not None:
                away = parameter - start
                parameter.grad.add_(away * scale, alpha=self.alpha)
                penalty = penalty + self.alpha / 2 * away.square().sum()
        for parameter in self._new:
            if parameter.grad is not None:
                parameter.grad.add_(parameter * scale, alpha=self.beta)
                penalty = penalty + self.beta / 2 * parameter.square().sum()
        self._runner.message_hub.update_scalar('train/l2sp', float(penalty))
