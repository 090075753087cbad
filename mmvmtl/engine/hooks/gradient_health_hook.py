"""Watch the size of gradients, module by module."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.optim import Optimizer

from mmvmtl.engine.module_names import find_modules, only_optimizer, unwrap
from mmvmtl.engine.scaled_gradients import gradient_scale
from mmvmtl.errors import UserError
from mmvmtl.registry import HOOKS

#: Norms needed before one is compared with their median.
ENOUGH = 5


def diagnose(norm: float, history: Sequence[float], ratio: float) -> str:
    """What is wrong with a gradient norm; '' if nothing is.

    Args:
        norm (float): The newest.
        history (Sequence[float]): Those before it.
        ratio (float): How many times larger or smaller than the median of
            ``history``, zeros left out, is ill.
    """
    if not math.isfinite(norm):
        return 'is not finite'
    # A part whose loss has weight 0 for a while is not ill afterwards.
    known = [value for value in history if 0 < value < math.inf]
    if norm == 0:
        return 'is zero'
    if len(known) < ENOUGH:
        return ''
    usual = median(known)
    if norm > ratio * usual:
        return f'explodes, its median is {usual:.3g}'
    if norm * ratio < usual:
        return f'vanishes, its median is {usual:.3g}'
    return ''


@HOOKS.register_module()
class GradientHealthHook(Hook):
    """Log gradient norms of modules and warn of ill ones.

    Every ``interval`` optimizer steps the L2 norm of the gradients of each
    module (without loss scaling, and as it was before clipping by norm) is
    logged as ``grad.<module>``, so that every MM visualiser draws
    it. A warning follows where a norm is not finite, is zero, or is
    ``ratio`` times above or below the median of the last ``window``, zeros
    left out; after one, that module is silent for ``window`` measurements.
    The median comes from the log itself, which a resumed run has again.
    Frozen modules have no gradient and are left out.

    Args:
        modules (str or Sequence[str], optional): Names or patterns; None
            means the children of the model.
        interval (int): Optimizer steps from one measurement to the next.
        ratio (float): > 1, see above.
        window (int): Measurements that the median is of.

    Raises:
        ValueError: If an argument is out of its range.
        UserError: When training starts: a name that matches nothing.
    """

    # Before L2SPHook, whose term comes after clipping.
    priority = 'ABOVE_NORMAL'

    def __init__(
        self,
        modules: str | Sequence[str] | None = None,
        interval: int = 10,
        ratio: float = 100.0,
        window: int = 50,
    ) -> None:
        if interval < 1 or ratio <= 1 or window < ENOUGH:
            raise UserError(
                f'GradientHealthHook needs interval={interval} >= 1, '
                f'ratio={ratio} > 1 and window={window} >= {ENOUGH}'
            )
        self.modules = modules
        self.interval = interval
        self.ratio = ratio
        self.window = window

    def before_train(self, runner: Runner) -> None:
        """Find the modules, and stand before the optimizer."""
        model = unwrap(runner.model)
        if self.modules is None:
            self._found = dict(model.named_children())
        else:
            self._found = find_modules(
                model, self.modules, 'GradientHealthHook'
            )
        self._runner = runner
        self._steps = 0
        self._silent_until = dict.fromkeys(self._found, 0)
        optimizer = only_optimizer(runner, type(self).__name__)
        self._handle = optimizer.register_step_pre_hook(self._measure)

    def after_train(self, runner: Runner) -> None:
        """Leave the optimizer as it was."""
        self._handle.remove()

    def _measure(
        self, optimizer: Optimizer, args: tuple, kwargs: dict
    ) -> None:
        self._steps += 1
        if (self._steps - 1) % self.interval:
            return
        norms = {k: gradient_norm(m) for k, m in self._found.items()}
        norms = {k: norm for k, norm in norms.items() if norm is not None}
        if not norms:
            return
        # One copy to the host for all of them.
        values = torch.stack(list(norms.values())).tolist()
        factor = self._clipped() / float(gradient_scale(optimizer))
        for name, value in zip(norms, values):
            self._judge(name, value * factor)

    def _clipped(self) -> float:
        """By which factor the wrapper has just shortened all gradients."""
        wrapper = self._runner.optim_wrapper
        limit = (wrapper.clip_grad_kwargs or {}).get('max_norm')
        if limit is None:
            return 1.0
        norm = self._runner.message_hub.get_scalar('train/grad_norm')
        return max(1.0, norm.current() / limit)

    def _judge(self, name: str, norm: float) -> None:
        hub, key = self._runner.message_hub, f'train/grad.{name}'
        history: list = []
        if key in hub.log_scalars:
            history = list(hub.get_scalar(key).data[0][-self.window :])
        illness = diagnose(norm, history, self.ratio)
        if illness and self._steps >= self._silent_until[name]:
            self._silent_until[name] = (
                self._steps + self.window * self.interval
            )
            self._runner.logger.warning(
                f'GradientHealthHook: iteration {self._runner.iter}: the '
                f"gradient of '{name}' has norm {norm:.3g}, which {illness}."
            )
        hub.update_scalar(key, norm)


def gradient_norm(module: nn.Module) -> Tensor | None:
    """L2 norm, (), of all gradients in ``module``; None without any."""
    grads = [p.grad for p in module.parameters() if p.grad is not None]
    if not grads:
        return None
    norms = torch._foreach_norm(grads)
    return torch.stack([norm.float() for norm in norms]).norm()
