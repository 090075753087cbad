"""A domain adversary for any detector of MMDetection, by config."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch
from mmdet.structures import DetDataSample
from torch import Tensor, nn

from mmvmtl.models.clip_batch import select_frames
from mmvmtl.models.detectors.wrapper import DetectorWrapper
from mmvmtl.models.domain.clips import predicting, surest_boxes
from mmvmtl.models.domain.domain_batch import DomainBatch
from mmvmtl.models.heads.detection import without_objects
from mmvmtl.registry import MODELS


@MODELS.register_module()
class DomainAdaptiveDetector(DetectorWrapper):
    """Train a stock detector on labelled and unlabelled domains at once.

    Source and target go through the trunk as one batch; the detector's heads
    see the labelled frames only. Samples need the metainfo ``domain`` and,
    where they are not labelled, ``labelled=()``:
    ``mmvmtl.SetDomain`` writes both, and ``PackDetInputs`` keeps them with
    ``meta_keys=(..., 'domain', 'labelled')``.

    At instance level, unlabelled frames are read at the detector's own
    predictions, which costs them a second pass through the trunk.

    Args:
        detector (dict): config of the detector.
        domain (dict): config of :class:`DomainAdversary` or
            :class:`DomainAlignment`.
        init_cfg (dict, optional): initialisation of MMEngine.
    """

    def __init__(
        self, detector: dict, domain: dict, init_cfg: dict | None = None
    ) -> None:
        super().__init__(detector, init_cfg)
        self.domain = MODELS.build(domain)

    def loss(self, inputs: Tensor, data_samples: list) -> dict:
        """The detector's losses and those of ``domain.``, to be added up."""
        known = [i for i, s in enumerate(data_samples) if is_labelled(s)]
        # A rank without labels takes part in MMDet's normalisers, and
        # teaches nothing.
        rows = torch.tensor(known or range(len(data_samples)))
        shown = [data_samples[i] for i in rows]
        if not known:
            shown = [without_objects(sample) for sample in shown]
        with split_rows(self.detector, rows) as stages:
            losses = dict(self.detector.loss(inputs, shown))
        if not known:
            losses = {name: _nothing(value) for name, value in losses.items()}
        batch = DomainBatch(
            stages,
            data_samples,
            [sample.get('domain') for sample in data_samples],
            [float(sample.get('weight', 1.0)) for sample in data_samples],
            partial(self._find_boxes, inputs, data_samples),
        )
        for name, value in self.domain.loss(batch).items():
            losses[f'domain.{name}'] = value
        return losses

    def _find_boxes(
        self, inputs: Tensor, data_samples: list, kind: str
    ) -> list[Tensor]:
        """Boxes of every frame, by :attr:`DomainBatch.find_boxes`."""
        boxes = [s.gt_instances.bboxes for s in data_samples]
        boxes = [getattr(b, 'tensor', b) for b in boxes]
        ask = [
            i
            for i, sample in enumerate(data_samples)
            if kind == 'predicted' or not is_labelled(sample)
        ]
        if not ask:
            return boxes
        bare = [DetDataSample(metainfo=data_samples[i].metainfo) for i in ask]
        rows = torch.tensor(ask, device=inputs.device)
        with predicting(self.detector):
            found = self.detector.predict(inputs[rows], bare, rescale=False)
        for i, sample in zip(ask, found, strict=True):
            boxes[i] = surest_boxes(sample).to(boxes[i])
        return boxes


def is_labelled(sample: DetDataSample) -> bool:
    """Whether boxes of a sample may be learned: they may if it is silent."""
    return 'det' in sample.get('labelled', ('det',))


@contextmanager
def split_rows(
    detector: nn.Module, rows: Tensor
) -> Iterator[dict[str, tuple[Tensor, ...]]]:
    """Let the heads see ``rows`` of the trunk's output, and keep the whole.

    Gives a dict that holds the levels of 'backbone' and 'neck' after a
    forward.
    """
    stages: dict[str, tuple[Tensor, ...]] = {}

    def keep(name: str, module: nn.Module, args: tuple, out: tuple) -> None:
        stages[name] = tuple(out)

    def keep_and_select(module: nn.Module, args: tuple, out: tuple) -> tuple:
        stages['neck'] = tuple(out)
        return select_frames(tuple(out), rows)

    last = detector.neck if detector.with_neck else detector.backbone
    handles = [
        detector.backbone.register_forward_hook(partial(keep, 'backbone')),
        last.register_forward_hook(keep_and_select),
    ]
    try:
        yield stages
    finally:
        for handle in handles:
            handle.remove()


def _nothing(value: Tensor | list[Tensor]) -> Tensor | list[Tensor]:
    if isinstance(value, list):
        return [part * 0 for part in value]
    return value * 0
