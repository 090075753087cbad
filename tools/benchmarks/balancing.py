"""A training step under every way of combining the tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from benchmarks import networks
from benchmarks.training import Step
from mmengine.config import Config, ConfigDict
from torch import Tensor, nn

from mmvmtl.apis.joint_runs import together, weightings
from mmvmtl.errors import UserError
from mmvmtl.models.balancing import gramian_weightings
from mmvmtl.models.balancing.task_gradients import shared_parameters
from mmvmtl.models.clip_batch import ClipBatch

#: What the others are compared with, the plain sum of the losses.
PLAIN = 'sum'


def balancing_steps(
    cfg: Config,
    batch: dict,
    device: str,
    interval: int,
    only: Sequence[str] | None = None,
) -> dict[str, Step]:
    """A step of every method, by name, on one batch.

    The names are those of :func:`mmvmtl.apis.joint_runs.together`, and
    three more: the exact form of one method about conflict, and two other
    ways to T gradients.

    Args:
        cfg (Config): with ``model`` and ``optim_wrapper``.
        batch (dict): see ``training_batch``.
        device (str): to compute on.
        interval (int): steps from one measurement of parameters to the next.
        only (Sequence[str], optional): build these beside the plain sum.

    Raises:
        UserError: if there is no such side.
    """
    sides = _sides(cfg, interval)
    for name in only or ():
        if name not in sides:
            raise UserError(
                f"there is no side '{name}'; choose of {', '.join(sides)}"
            )
    steps = {}
    for name, (model, loss) in sides.items():
        if only and name not in (PLAIN, *only):
            continue
        net = networks.build_ours(model)
        steps[name] = Step(net, loss(batch), cfg.optim_wrapper, device)
    return steps


def _sides(
    cfg: Config, interval: int
) -> dict[str, tuple[ConfigDict, Callable]]:
    """By name the model, and how its loss is made."""
    plain = together(cfg, PLAIN).model
    sides = {PLAIN: (plain, _ours)}
    for name in weightings():
        sides[name] = (together(cfg, name).model, _ours)
    for name, kind in gramian_weightings().items():
        model = together(cfg, f'{PLAIN}+{name}').model
        if kind.source == 'parameters':
            model.branch.interval = interval
        sides[f'{PLAIN}+{name}'] = (model, _ours)
    exact = together(cfg, f'{PLAIN}+UPGrad').model
    exact.branch.interval = 1
    sides[f'{PLAIN}+UPGrad_every_step'] = (exact, _ours)
    sides['one_backward_a_task'] = (plain, _one_backward_a_task)
    sides['torchjd_engine_sum'] = (plain, _torchjd)
    return sides


def _ours(batch: dict) -> Callable[[nn.Module], Tensor]:
    def loss(net: nn.Module) -> Tensor:
        data = net.data_preprocessor(batch, training=True)
        return net(**data, mode='loss')['loss_mtl']

    return loss


def _task_losses(net: nn.Module, batch: dict) -> tuple[tuple, list[Tensor]]:
    """Shared features, and each task's weighted loss of them."""
    data = net.data_preprocessor(batch, training=True)
    clips = ClipBatch(data['data_samples'])
    feats = net.extract_feat(data['inputs'])
    by_task = net.head.loss(
        dict.fromkeys(net.head.tasks, feats), clips, net.head.active(clips)
    )
    losses = []
    for weight, terms in zip(net.weighting.weights, by_task.values()):
        found = [
            sum(value) if isinstance(value, list) else value
            for name, value in terms.items()
            if 'loss' in name
        ]
        losses.append(weight * sum(value.mean() for value in found))
    return feats, losses


class _Taken(torch.autograd.Function):
    """A zero whose backward is over before it begins.

    The gradients stand in ``.grad`` already; the optimiser's wrapper wants a
    loss to call backward on.
    """

    @staticmethod
    def forward(ctx, anchor: Tensor) -> Tensor:
        return anchor.new_zeros(())

    @staticmethod
    def backward(ctx, grad: Tensor) -> Tensor:
        return grad.new_zeros(1)


def _one_backward_a_task(batch: dict) -> Callable[[nn.Module], Tensor]:
    """T backward passes through everything, the plain way to T gradients."""

    def loss(net: nn.Module) -> Tensor:
        _, losses = _task_losses(net, batch)
        for one in losses[:-1]:
            one.backward(retain_graph=True)
        return losses[-1]

    return loss


def _torchjd(batch: dict) -> Callable[[nn.Module], Tensor]:
    """torchjd's Jacobian engine and its cheapest aggregator, the sum."""

    def loss(net: nn.Module) -> Tensor:
        from torchjd.aggregation import Sum
        from torchjd.autojac import jac_to_grad, mtl_backward

        feats, losses = _task_losses(net, batch)
        shared = shared_parameters(feats, net)
        mtl_backward(
            losses,
            features=list(feats),
            shared_params=shared,
            # The clip label's loss runs through the tracking head.
            retain_graph=True,
        )
        jac_to_grad(shared, aggregator=Sum())
        return _Taken.apply(torch.zeros(1, requires_grad=True))

    return loss
