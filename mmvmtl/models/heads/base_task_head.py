"""The contract of a task head: what a new task has to write."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod

from mmengine.model import BaseModule
from torch import Tensor

from mmvmtl.models.clip_batch import ClipBatch
from mmvmtl.models.touch import zero_touch

Features = tuple[Tensor, ...]


class BaseTaskHead(BaseModule, metaclass=ABCMeta):
    """One task of a :class:`MultiTaskHead`.

    ``task`` is the key the head has there; a clip has labels for it when
    ``task in sample.labelled``. What a head
    ``needs`` ('boxes', 'tracks') another one ``gives``, and is asked first.
    """

    task: str = ''
    gives: str = ''
    needs: str = ''

    @abstractmethod
    def forward(self, feats: Features) -> object:
        """Raw outputs of the part that needs no boxes, as for an export."""

    @abstractmethod
    def loss(self, feats: Features, batch: ClipBatch) -> dict[str, Tensor]:
        """Losses of the clips that are labelled for this task.

        Called on every rank as soon as any rank has such a clip, because
        ranks wait for one another where they share a normaliser. With none
        of its own the loss must be 0; ``global_mean`` sees to both.
        """

    @abstractmethod
    def predict(self, feats: Features, batch: ClipBatch) -> None:
        """Write this task's predictions into the samples of ``batch``.

        Boxes are in pixels of the network's input. Predictions of the heads
        before this one are there already.
        """

    def zero_loss(self, feats: Features) -> Tensor:
        """A zero that touches every parameter.

        DDP waits for the gradient of each, also on a rank whose batch has no
        labels for the task.
        """
        return sum(feat.sum() for feat in feats) * 0 + zero_touch(self)
