"""A training step under every way of combining the tasks."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import torch
from benchmarks import networks
from benchmarks.training import Step
from mmengine.config import Config
from torch import Tensor, nn

from mmvmtl.errors import UserError
from mmvmtl.models.balancing.task_gradients import shared_parameters
from mmvmtl.models.clip_batch import ClipBatch

#: Methods that balance norms, and those about conflict.
NORMS = ('MGDA', 'IMTLG', 'NashMTL', 'AlignedMTL', 'FairGrad', 'GradNorm')
CONFLICT = ('PCGrad', 'GradVac', 'CAGrad', 'UPGrad', 'DualProj')
#: What the others are compared with.
PLAIN = 'plain_sum'


def balancing_steps(
    cfg: Config,
    batch: dict,
    device: str,
    interval: int,
    weightings: Sequence[str] = (),
    only: Sequence[str] | None = None,
) -> dict[str, Step]:
    """A step of every method, by name, on one batch.

    Args:
        cfg (Config): with ``model`` and ``optim_wrapper``.
        batch (dict): see ``training_batch``.
        device (str): to compute on.
        interval (int): steps from one measurement of parameters to the next.
        weightings (Sequence[str]): types of loss weightings, such as
            ``mmvmtl.UncertaintyWeighting``.
        only (Sequence[str], optional): build these beside the plain sum.

    Raises:
        UserError: if there is no such side.
    """
    sides = _sides(interval, weightings)
    for name in only or ():
        if name not in sides:
            raise UserError(
                f"there is no side '{name}'; choose of {', '.join(sides)}"
            )
    steps = {}
    for name, (changes, loss) in sides.items():
        if only and name not in (PLAIN, *only):
            continue
        model = Config(dict(model=copy.deepcopy(cfg.model)))
        model.merge_from_dict(dict(model=changes))
        net = networks.build_ours(model.model)
        steps[name] = Step(net, loss(batch), cfg.optim_wrapper, device)
    return steps


def _sides(
    interval: int, weightings: Sequence[str]
) -> dict[str, tuple[dict, Callable]]:
    """By name the changes of the model, and how its loss is made."""
    sides: dict[str, tuple[dict, Callable]] = {PLAIN: ({}, _ours)}
    for name in NORMS:
        sides[f'features_{name}'] = (_branch(weighting=name), _ours)
    for name in CONFLICT:
        branch = _branch(weighting=name, interval=interval)
        sides[f'parameters_every_{interval}_{name}'] = (branch, _ours)
    exact = _branch(weighting='UPGrad', interval=1)
    sides['parameters_every_step_UPGrad'] = (exact, _ours)
    for kind in weightings:
        loss = dict(loss=dict(_delete_=True, type=kind))
        sides[f'loss_{kind.rpartition(".")[2]}'] = (loss, _ours)
    sides['one_backward_a_task'] = ({}, _one_backward_a_task)
    sides['torchjd_engine_sum'] = ({}, _torchjd)
    return sides


def _branch(**settings: object) -> dict:
    return dict(branch=dict(type='mmvmtl.TaskBranch', **settings))


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
