"""The heads of all tasks behind one set of shared features."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.model import BaseModule, ModuleDict
from torch import Tensor

from mmvmtl.models.clip_batch import ClipBatch
from mmvmtl.models.heads.base_task_head import BaseTaskHead, Features
from mmvmtl.registry import MODELS


@MODELS.register_module()
class MultiTaskHead(BaseModule):
    """Task heads by name, trained together and asked in order.

    A head that reads predicted boxes (tracking) is asked last, wherever it
    stands in the config: merged configs do not keep an order.

    Args:
        heads (dict[str, dict]): task name to the config of its head; None
            takes out a task that a base config has.
        init_cfg (dict, optional): initialisation of MMEngine.

    Raises:
        TypeError: if a head is not a :class:`BaseTaskHead`.
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
                raise TypeError(
                    f"the head of task '{task}' is a "
                    f'{type(head).__name__}, which is no task head: wrap it, '
                    "for example in 'mmvmtl.DenseDetection' or "
                    "'mmvmtl.ActionHead'"
                )
            head.task = task
        self.heads = ModuleDict(
            sorted(built.items(), key=lambda item: item[1].reads_boxes)
        )

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
        """Per task whether any clip of the batch has labels for it."""
        return tuple(any(batch.labelled(task)) for task in self.tasks)

    def loss(
        self, feats: dict[str, Features], batch: ClipBatch
    ) -> dict[str, dict[str, Tensor]]:
        """Losses of every task; a zero for one without labels."""
        losses = {}
        for (task, head), active in zip(
            self.heads.items(), self.active(batch), strict=True
        ):
            if active:
                losses[task] = head.loss(feats[task], batch)
            else:
                losses[task] = {'loss_none': head.zero_loss(feats[task])}
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
