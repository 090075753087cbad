"""A domain adversary for any detector of MMDetection, by config."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import torch
from mmdet.structures import DetDataSample
from torch import Tensor, nn

from mmvmtl.models.clip_batch import select_frames
from mmvmtl.models.detectors.domain_adaptive_model import (
    DomainAdaptiveModel,
    Stages,
)
from mmvmtl.models.domain.clips import predicting, surest_boxes
from mmvmtl.models.heads.detection import without_objects
from mmvmtl.registry import MODELS


@MODELS.register_module()
class DomainAdaptiveDetector(DomainAdaptiveModel):
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

    task = 'det'

    def without_labels(self, sample: DetDataSample) -> DetDataSample:
        """The frame with no ground truth in it."""
        return without_objects(sample)

    @contextmanager
    def split(self, rows: Tensor, number: int) -> Iterator[Stages]:
        """Let the heads see ``rows`` of the trunk's output, keep the whole."""
        stages: Stages = {}

        def keep(
            name: str, module: nn.Module, args: tuple, out: tuple
        ) -> None:
            stages[name] = tuple(out)

        def keep_and_select(
            module: nn.Module, args: tuple, out: tuple
        ) -> tuple:
            stages['neck'] = tuple(out)
            return select_frames(tuple(out), rows)

        trunk = self.detector.backbone
        last = self.detector.neck if self.detector.with_neck else trunk
        handles = [
            trunk.register_forward_hook(partial(keep, 'backbone')),
            last.register_forward_hook(keep_and_select),
        ]
        try:
            yield stages
        finally:
            for handle in handles:
                handle.remove()

    def find_boxes(
        self, inputs: Tensor, data_samples: Sequence[DetDataSample], kind: str
    ) -> list[Tensor]:
        """Boxes of every frame, by :attr:`DomainBatch.find_boxes`."""
        boxes = [s.gt_instances.bboxes for s in data_samples]
        boxes = [getattr(b, 'tensor', b) for b in boxes]
        ask = [
            i
            for i, sample in enumerate(data_samples)
            if kind == 'predicted' or not self.is_labelled(sample)
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
