"""How the tasks of a model get on with one another while it trains."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from itertools import combinations

import torch
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from mmengine.optim import AmpOptimWrapper
from mmengine.runner import Runner
from torch import Tensor, nn

from mmvmtl.engine.module_names import unwrap
from mmvmtl.errors import UserError
from mmvmtl.registry import HOOKS
from mmvmtl.task_graph import Observed, TaskGraph, named_parameters

PREFIX = 'telemetry'


@HOOKS.register_module()
class TelemetryHook(Hook):
    r"""Log per-task losses, weights, gradient norms and their cosines.

    Every ``interval`` iterations the gradient :math:`g_k` of each task's
    unweighted loss by the trunk's parameters is taken from the graph of the
    step itself, before its backward, and averaged over ranks, so that it is
    that of the joined batch. The visualisers get, for tasks that are
    labelled in the batch:

    * ``telemetry.loss_<task>``: :math:`L_k`, mean over ranks;
    * ``telemetry.weight_<task>``: :math:`\partial L / \partial L_k`, what
      the weighting makes of it;
    * ``telemetry.grad_norm_<task>``: :math:`\|g_k\|`;
    * ``telemetry.cos_<task>_<task>``: :math:`\cos(g_j, g_k)`, -1..1; below 0
      the two tasks pull the trunk apart. Left out where a gradient is 0.

    Training is the same to the bit with and without it. It costs T backwards
    through trunk and heads every ``interval`` iterations.

    Args:
        interval (int): iterations from one look to the next.
        parameters (Sequence[str], optional): modules or parameters by dotted
            name or pattern; all before the heads. ``backbone`` and ``neck``
            if left out; fewer (``['neck']``) are cheaper.

    Raises:
        UserError: the model has no named tasks, or a name matches nothing.
    """

    priority = 'LOW'

    def __init__(
        self, interval: int = 50, parameters: Sequence[str] | None = None
    ) -> None:
        self.interval = interval
        self.parameters = parameters
        self._found: dict[str, float] = {}

    def before_train(self, runner: Runner) -> None:
        """Refuse what can not be observed, before an hour has passed."""
        named_parameters(_observed(runner), self.parameters)

    def before_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
    ) -> None:
        """Observe this one step, if it is its turn."""
        if self.every_n_train_iters(runner, self.interval):
            model = _observed(runner)
            scale = _loss_scale(runner)
            model.observer = functools.partial(self._look, model, scale)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Hand on what was seen. Not kept in the model, which EMA copies."""
        if self.every_n_train_iters(runner, self.interval):
            _observed(runner).observer = None
            runner.visualizer.add_scalars(self._found, step=runner.iter + 1)

    def _look(self, model: nn.Module, scale: float, graph: TaskGraph) -> None:
        # Frozen and thawed parameters change with progress: ask every time.
        parameters = list(named_parameters(model, self.parameters).values())
        gradients = graph.gradients(parameters, scale)
        losses = torch.stack([graph.losses.detach(), graph.weights])
        for values in (losses, gradients):
            all_reduce(values, op='mean')
        self._found = report(graph.tasks, graph.active, losses, gradients)


def report(
    tasks: Sequence[str], active: Tensor, losses: Tensor, gradients: Tensor
) -> dict[str, float]:
    """The numbers that are logged: see :class:`TelemetryHook`.

    Args:
        tasks (Sequence[str]): names of the T tasks.
        active (Tensor): (T,) bool; the others are left out, and so are
            gradients that overflow.
        losses (Tensor): (2, T), losses and weights.
        gradients (Tensor): (T, P).
    """
    # A model's loss runs under autocast, where squares overflow at 256.
    with torch.autocast(gradients.device.type, enabled=False):
        gramian = (gradients @ gradients.T).tolist()
    values, weights = losses.tolist()
    norms = [gramian[k][k] ** 0.5 for k in range(len(tasks))]
    shown = [k for k, flag in enumerate(active.tolist()) if flag]
    found = {}
    for k in shown:
        found[f'{PREFIX}.loss_{tasks[k]}'] = values[k]
        found[f'{PREFIX}.weight_{tasks[k]}'] = weights[k]
        if math.isfinite(norms[k]):
            found[f'{PREFIX}.grad_norm_{tasks[k]}'] = norms[k]
    for j, k in combinations(shown, 2):
        if all(0 < norms[i] < math.inf for i in (j, k)):
            cosine = gramian[j][k] / (norms[j] * norms[k])
            found[f'{PREFIX}.cos_{tasks[j]}_{tasks[k]}'] = cosine
    return found


def _observed(runner: Runner) -> nn.Module:
    model = unwrap(runner.model)
    if not isinstance(model, Observed):
        if any(isinstance(part, Observed) for part in model.modules()):
            raise UserError(
                f'TelemetryHook can not look into {type(model).__name__}, '
                'which trains its detector in a way of its own; take the '
                'hook out of custom_hooks'
            )
        raise UserError(
            f'TelemetryHook: {type(model).__name__} has no named tasks; put '
            "it into model=dict(type='mmvmtl.MTLWrapper', model=..., "
            "tasks=dict(<task>=['<loss key>']))"
        )
    return model


def _loss_scale(runner: Runner) -> float:
    """What mixed precision multiplies losses by; 1 without it."""
    if isinstance(runner.optim_wrapper, AmpOptimWrapper):
        return float(runner.optim_wrapper.loss_scaler.get_scale())
    return 1.0
