"""The heads of all tasks behind one set of shared features."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.dist import all_reduce
from mmengine.model import BaseModule, ModuleDict
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.clip_batch import ClipBatch
from mmvmtl.models.heads.base_task_head import BaseTaskHead, Features
from mmvmtl.registry import MODELS


@MODELS.register_module()
class MultiTaskHead(BaseModule):
    """Task heads by name, trained together and asked in order.

    A head that needs boxes or tracks is asked after the one that gives them,
    wherever it stands in the config: merged configs do not keep an order.

    Args:
        heads (dict[str, dict]): task name to the config of its head; None
            takes out a task that a base config has.
        init_cfg (dict, optional): initialisation of MMEngine.

    Raises:
        ValueError: if a head is not a :class:`BaseTaskHead`, or no head gives
            what another one needs.
    """

    def __init__(
        self, heads: dict[str, dict | None], init_cfg: dict | None = None
    ) -> None:
        super().__init__(init_cfg)
        built = {
            task: MODELS.build(cfg)
            for task, cfg in heads.items()
            if cfg is not None
        }
        for task, head in built.items():
            if not isinstance(head, BaseTaskHead):
                raise UserError(
                    f"the head of task '{task}' is a "
                    f'{type(head).__name__}, which is no task head: wrap it, '
                    "for example in 'mmvmtl.DenseDetection' or "
                    "'mmvmtl.ActionHead'"
                )
            head.task = task
        self.heads = ModuleDict(_in_order(built))

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks, in the order the heads are asked."""
        return tuple(self.heads)

    def forward(self, feats: dict[str, Features]) -> dict[str, object]:
        """Raw outputs of every task in ``feats``."""
        return {
            task: self.heads[task](task_feats)
            for task, task_feats in feats.items()
        }

    def active(self, batch: ClipBatch) -> tuple[bool, ...]:
        """Per task whether a clip of any rank's batch has labels for it."""
        flags = [any(batch.labelled(task)) for task in self.tasks]
        everywhere = torch.tensor(flags, dtype=torch.long)
        all_reduce(everywhere, op='max')
        return tuple(bool(flag) for flag in everywhere)

    def loss(
        self,
        feats: dict[str, Features],
        batch: ClipBatch,
        active: Sequence[bool],
    ) -> dict[str, dict[str, Tensor]]:
        """Losses of every task; a zero for one without labels here.

        Args:
            feats (dict[str, Features]): features by task.
            batch (ClipBatch): the clips they belong to.
            active (Sequence[bool]): per task what :meth:`active` says.
        """
        losses: dict[str, dict[str, Tensor]] = {}
        for (task, head), anywhere in zip(
            self.heads.items(), active, strict=True
        ):
            losses[task] = head.loss(feats[task], batch) if anywhere else {}
            if not any(batch.labelled(task)):
                losses[task]['loss_none'] = head.zero_loss(feats[task])
        return losses

    def predict(
        self,
        feats: dict[str, Features],
        batch: ClipBatch,
        tasks: Sequence[str],
    ) -> None:
        """Let the heads of ``tasks`` write their predictions."""
        for task, head in self.heads.items():
            if task in tasks:
                head.predict(feats[task], batch)


def _in_order(heads: dict[str, BaseTaskHead]) -> dict[str, BaseTaskHead]:
    """The heads, each behind those that give what it needs."""
    ready: dict[str, BaseTaskHead] = {}
    given = {''}
    while len(ready) < len(heads):
        waiting = {t: h for t, h in heads.items() if t not in ready}
        able = {t: h for t, h in waiting.items() if h.needs in given}
        if not able:
            task, head = next(iter(waiting.items()))
            raise UserError(
                f"the head of task '{task}' needs {head.needs}, which no "
                f'head gives: add one to heads, or take {task} out with '
                f'{task}=None'
            )
        ready.update(able)
        given.update(head.gives for head in able.values())
    return ready
