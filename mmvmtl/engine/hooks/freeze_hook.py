"""Freeze parts of a network, always or for the first part of training."""

from __future__ import annotations

from collections.abc import Sequence

from mmcv.ops import SyncBatchNorm
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper
from mmengine.runner import IterBasedTrainLoop, Runner
from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from mmvmtl.engine.ddp import rewrap
from mmvmtl.engine.module_names import find_modules, unwrap
from mmvmtl.errors import UserError
from mmvmtl.registry import HOOKS

#: Layers that move statistics while they are in training mode.
NORMS = (_NormBase, SyncBatchNorm)
UNITS = ('epoch', 'iter', 'progress')


def is_frozen(
    until: dict | None, iteration: int, max_iters: int, epoch_length: int
) -> bool:
    """Whether a stage is still frozen in an iteration, counted from 0.

    Args:
        until (dict, optional): ``{'epoch': n}``, ``{'iter': n}`` (finished
            ones) or ``{'progress': x}``, the finished part of training, 0 to
            1; None is for ever.
        iteration (int): Finished iterations.
        max_iters (int): Of the whole training.
        epoch_length (int): Iterations of an epoch.
    """
    if until is None:
        return True
    ((unit, bound),) = until.items()
    now = {
        'iter': iteration,
        'epoch': iteration // epoch_length,
        'progress': iteration / max_iters,
    }
    return now[unit] < bound


@HOOKS.register_module()
class FreezeHook(Hook):
    """Keep modules as they are, for ever or until a point of training.

    For any model: ours, a stock MMDet detector, an MMAction2 recogniser.
    While frozen, parameters do not require gradients (so what lies below
    the lowest trained layer runs no backward and keeps no activations),
    their ``.grad`` is None (so neither weight decay nor momentum moves
    them), and norm layers are in eval mode (so statistics stand still).
    Dropout stays on. Parameters that the model itself froze stay frozen.

    All parameters are in the optimizer from the start, because freezing
    begins after it was built: unfrozen ones train, and schedules of the
    learning rate hold for them too. Under DDP the model is wrapped anew at
    every change, see :func:`mmvmtl.engine.ddp.rewrap`. What is frozen is a
    function of the iteration alone, so a resume needs no state. With
    accumulated gradients a change waits for the next optimizer step.

    Example:
        >>> # Heads first, then the neck, then the trunk.
        >>> dict(type='mmvmtl.FreezeHook', stages=[
        ...     dict(modules='neck', until=dict(progress=0.25)),
        ...     dict(modules='backbone', until=dict(progress=0.5))])

    Args:
        modules (str or Sequence[str], optional): Dotted names or patterns,
            see :func:`mmvmtl.engine.module_names.find_modules`.
        until (dict, optional): When ``modules`` are released, see
            :func:`is_frozen`. None means never.
        stages (Sequence[dict], optional): Instead of the two above, several
            of them; a module is frozen while any stage with it is.

    Raises:
        ValueError: If an argument is missing or out of its range.
        UserError: When training starts: a name that matches nothing, no
            parameter left to train, a second FreezeHook.
    """

    # After hooks that load weights, before those that read the mode.
    priority = 'ABOVE_NORMAL'

    def __init__(
        self,
        modules: str | Sequence[str] | None = None,
        until: dict | None = None,
        stages: Sequence[dict] | None = None,
    ) -> None:
        if (modules is None) == (stages is None):
            raise UserError(
                "FreezeHook takes either 'modules' (and 'until') or 'stages'"
            )
        if stages is None:
            stages = [dict(modules=modules, until=until)]
        elif until is not None:
            raise UserError("'until' belongs into each of the 'stages'")
        self.stages = [_check_stage(**stage) for stage in stages]
        self._frozen: list[bool] | None = None
        self._active_norms: list[nn.Module] = []

    def before_train(self, runner: Runner) -> None:
        """Find the modules; nothing is frozen yet."""
        if sum(isinstance(hook, FreezeHook) for hook in runner.hooks) > 1:
            raise UserError(
                'there are two FreezeHooks, which would undo each other; '
                "list all as 'stages' of one."
            )
        by_epoch = any('epoch' in (u or ()) for _, u in self.stages)
        if by_epoch and isinstance(runner.train_loop, IterBasedTrainLoop):
            raise UserError(
                'FreezeHook: this training counts iterations, not epochs; '
                'say until=dict(iter=...) or dict(progress=...) instead of '
                "'epoch'."
            )
        model = unwrap(runner.model)
        self._found = [
            find_modules(model, patterns, 'FreezeHook')
            for patterns, _ in self.stages
        ]
        self._trainable = [p for p in model.parameters() if p.requires_grad]
        self._frozen = None

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Freeze and release; put frozen norm layers into eval mode.

        Here, not in ``before_train_epoch``: the loops call ``model.train()``
        after that, the one by iterations even each time.
        """
        frozen = self._now(runner)
        if frozen != self._frozen:
            self._change(runner, frozen)
            self._frozen = frozen
        for norm in self._active_norms:
            norm.eval()

    def _now(self, runner: Runner) -> list[bool]:
        iteration = runner.iter
        if isinstance(runner.optim_wrapper, OptimWrapper):
            # Gradients of half a step would remain, unsynchronised in DDP.
            iteration -= iteration % runner.optim_wrapper._accumulative_counts
        length = max(1, runner.max_iters // runner.max_epochs)
        return [
            is_frozen(until, iteration, runner.max_iters, length)
            for _, until in self.stages
        ]

    def _change(self, runner: Runner, frozen: list[bool]) -> None:
        if self._frozen is None:
            # As model.train() leaves them; some models keep theirs in eval.
            norms = (
                n for f in self._found for m in f.values() for n in _norms(m)
            )
            self._modes = {norm: norm.training for norm in norms}
        held = {
            name: module
            for found, still in zip(self._found, frozen)
            if still
            for name, module in found.items()
        }
        stopped = {id(p) for m in held.values() for p in m.parameters()}
        left = sum(p.numel() for p in self._trainable if id(p) not in stopped)
        if not left:
            raise UserError(
                'FreezeHook: every parameter is frozen; leave a module out.'
            )
        for parameter in self._trainable:
            parameter.requires_grad_(id(parameter) not in stopped)
            if id(parameter) in stopped:
                parameter.grad = None
        for norm, mode in self._modes.items():
            norm.train(mode)
        self._active_norms = [n for m in held.values() for n in _norms(m)]
        runner.model = rewrap(runner.model)
        total = sum(p.numel() for p in unwrap(runner.model).parameters())
        runner.logger.info(
            f'FreezeHook: from iteration {runner.iter} on, '
            f'{", ".join(_outermost(held)) or "nothing"} frozen; '
            f'{left:,} of {total:,} parameters train.'
        )


def _check_stage(
    modules: str | Sequence[str], until: dict | None = None
) -> tuple[list[str], dict | None]:
    names = [modules] if isinstance(modules, str) else list(modules)
    if not names:
        raise UserError("'modules' of FreezeHook must name at least one")
    if until is not None:
        until = dict(until)
        if len(until) != 1 or next(iter(until)) not in UNITS:
            raise UserError(
                f'until={until} must have exactly one of the keys '
                f'{", ".join(UNITS)}'
            )
        ((unit, bound),) = until.items()
        if bound <= 0 or (unit == 'progress' and bound > 1):
            raise UserError(
                f'until={until} must be positive, a progress at most 1'
            )
    return names, until


def _norms(module: nn.Module) -> list[nn.Module]:
    return [m for m in module.modules() if isinstance(m, NORMS)]


def _outermost(names: dict[str, nn.Module]) -> list[str]:
    """Names without those that lie inside another one."""
    return [
        name
        for name in names
        if not any(name.startswith(f'{other}.') for other in names)
    ]
