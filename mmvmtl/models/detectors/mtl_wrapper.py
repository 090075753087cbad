"""Weighting, balancing and telemetry for a model nobody here wrote."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import torch
from mmengine.dist import all_reduce
from mmengine.model import BaseModel
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.detectors.feature_cut import FeatureCut
from mmvmtl.models.losses.build import build_loss_weighting
from mmvmtl.models.losses.loss_keys import LossKeys, scalar
from mmvmtl.models.losses.total import TOTAL, pick_total
from mmvmtl.registry import MODELS
from mmvmtl.task_graph import Observed


@MODELS.register_module()
def MTLWrapper(
    model: dict,
    tasks: dict[str, Sequence[str]],
    loss: dict | None = None,
    branch: dict | None = None,
) -> BaseModel:
    """Train a stock detector or recogniser as a model of several tasks.

    The result is the model itself, of a class derived from its own: names of
    modules and of the state dict, prediction, and all that hooks and tools
    look at stay. Only ``loss`` differs: it returns what it did, detached,
    each task's ``weight.<task>``, and the weighted total as ``loss_mtl``.
    Parameters of the weighting and the branch are added as ``weighting`` and
    ``branch``.

    Args:
        model (dict): config of any MMDetection detector or MMAction2
            recogniser.
        tasks (dict[str, Sequence[str]]): task name to keys of the model's
            losses, or patterns with ``*``; every loss belongs to one task.
        loss (dict, optional): the weighting; a plain sum if left out.
        branch (dict, optional): the gradient balancing, a
            :class:`TaskBranch` at the output of ``extract_feat``. It costs
            one more backward through the head per task and step; with
            ``scale_heads=True`` only in steps that measure.

    Returns:
        BaseModel: of the class ``MTL<its own>``.

    Raises:
        ValueError: tasks that do not tell losses apart, or a model that has
            tasks already or no ``loss``.
    """
    keys = LossKeys(tasks)
    built = MODELS.build(model)
    if isinstance(built, Observed):
        raise UserError(
            f'{type(built).__name__} has tasks, a weighting and a branch of '
            'its own: configure these, and leave MTLWrapper away'
        )
    if not isinstance(built, BaseModel) or not callable(
        getattr(built, 'loss', None)
    ):
        raise UserError(
            f'{type(built).__name__} is no detector or recogniser: '
            'MTLWrapper needs a model with a method loss()'
        )
    built.__class__ = _joint(type(built))
    built.loss_keys = keys
    built.weighting = build_loss_weighting(loss, keys.tasks)
    built.branch = None
    if branch is not None:
        built.branch = MODELS.build(
            branch, default_args=dict(tasks=keys.tasks)
        )
    return built


@functools.cache
def _joint(cls: type) -> type:
    return type(f'MTL{cls.__name__}', (_JointLoss, cls), {})


class _JointLoss(Observed):
    """What a stock model's class does differently: its loss."""

    _cut: FeatureCut | None = None

    def extract_feat(self, *args, **kwargs) -> object:
        """As before; in training with a branch, cut off from the trunk."""
        feats = super().extract_feat(*args, **kwargs)
        return feats if self._cut is None else self._cut(feats)

    def loss(self, *args, **kwargs) -> dict[str, Tensor]:
        """The losses of before, detached, the weights, and the total."""
        if self.branch is not None:
            self._cut = FeatureCut(self.branch)
        try:
            losses = super().loss(*args, **kwargs)
        finally:
            cut, self._cut = self._cut, None
        tasks = self.loss_keys.tasks
        sums, active = self._per_task(self.loss_keys.terms(losses))
        if cut is not None:
            sums = cut.join(sums, tasks)
        stacked = torch.stack(sums)
        total = self.weighting(stacked, active)
        self.tell_observer(tasks, stacked, active, total)
        log = {key: scalar(value).detach() for key, value in losses.items()}
        if cut is not None:
            total = self.branch.balance(sums, total, active, self)
            log.update(self.branch.log(tasks))
        for task, weight in zip(
            tasks, self.weighting.last_weights, strict=True
        ):
            log[f'weight.{task}'] = weight
        return dict(log, **{TOTAL: total})

    def _per_task(
        self, terms: dict[str, list[Tensor]]
    ) -> tuple[list[Tensor], Tensor]:
        """T sums, and which of them are losses on any rank, (T,) bool."""
        device = next(self.parameters()).device
        found = torch.tensor([bool(t) for t in terms.values()], device=device)
        found = found.long()
        all_reduce(found, op='max')
        zero = torch.zeros((), device=device)
        sums = [sum(each) if each else zero for each in terms.values()]
        return sums, found.bool()

    def parse_losses(
        self, losses: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Pick the total."""
        return pick_total(losses)
