"""Training on labelled and unlabelled domains, for a stock model."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial

import torch
from torch import Tensor

from mmvmtl.models.detectors.wrapper import DetectorWrapper
from mmvmtl.models.domain.domain_batch import DomainBatch
from mmvmtl.models.losses.total import TOTAL, pick_total
from mmvmtl.registry import MODELS

#: By 'backbone' and 'neck', the levels (M, C, ...) of all samples' rows.
Stages = dict[str, tuple[Tensor, ...]]


class DomainAdaptiveModel(DetectorWrapper):
    """A stock model whose heads see the labelled samples of a batch only.

    Source and target go through the trunk together, M / N rows of features
    for each of N samples.

    Args:
        detector (dict): config of the stock model.
        domain (dict): config of :class:`DomainAdversary` or
            :class:`DomainAlignment`.
        init_cfg (dict, optional): initialisation of MMEngine.
    """

    #: Whose labels make a sample a labelled one.
    task: str

    def __init__(
        self, detector: dict, domain: dict, init_cfg: dict | None = None
    ) -> None:
        super().__init__(detector, init_cfg)
        self.domain = MODELS.build(domain)

    def loss(self, inputs: Tensor, data_samples: list) -> dict:
        """The model's losses and those of ``domain.``, to be added up."""
        number = len(data_samples)
        known = [i for i, s in enumerate(data_samples) if self.is_labelled(s)]
        # A rank without labels takes part in the heads' normalisers, and
        # teaches nothing.
        rows = torch.tensor(known or range(number))
        shown = [data_samples[i] for i in rows]
        if not known:
            shown = [self.without_labels(sample) for sample in shown]
        with self.split(rows, number) as stages:
            losses = dict(self.detector.loss(inputs, shown))
        if not known:
            losses = {name: _nothing(value) for name, value in losses.items()}
        each = len(stages['backbone'][0]) // number
        samples = [sample for sample in data_samples for _ in range(each)]
        batch = DomainBatch(
            stages,
            samples,
            [sample.get('domain') for sample in samples],
            [float(sample.get('weight', 1.0)) for sample in samples],
            partial(self.find_boxes, inputs, data_samples),
        )
        for name, value in self.domain.loss(batch).items():
            losses[f'domain.{name}'] = value
        return losses

    def parse_losses(
        self, losses: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Add all up; of a model of several tasks, its total only."""
        if TOTAL not in losses:
            return super().parse_losses(losses)
        beside = {k: v for k, v in losses.items() if k.startswith('domain.')}
        tasks = {k: v for k, v in losses.items() if k not in beside}
        compared, told = super().parse_losses(beside)
        total, log = pick_total(tasks)
        return total + compared, {**log, **told, 'loss': total + compared}

    def is_labelled(self, sample) -> bool:
        """Whether its labels may be learned: they may if it is silent."""
        return self.task in sample.get('labelled', (self.task,))

    def without_labels(self, sample):
        """What the heads see of a sample where none is labelled."""
        raise NotImplementedError

    def split(
        self, rows: Tensor, number: int
    ) -> AbstractContextManager[Stages]:
        """Let the heads see ``rows`` of ``number`` samples, keep the whole.

        Gives what holds the levels of the trunk after a forward.
        """
        raise NotImplementedError

    def find_boxes(
        self, inputs: Tensor, data_samples: Sequence, kind: str
    ) -> list[Tensor]:
        """Boxes of every sample, by :attr:`DomainBatch.find_boxes`."""
        raise NotImplementedError


def _nothing(value: Tensor | list[Tensor]) -> Tensor | list[Tensor]:
    if isinstance(value, list):
        return [part * 0 for part in value]
    return value * 0
