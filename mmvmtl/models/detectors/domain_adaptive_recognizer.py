"""A domain adversary for a recogniser of MMAction2, by config."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.utils._pytree import tree_flatten, tree_map

from mmvmtl.errors import UserError
from mmvmtl.models.detectors.domain_adaptive_model import (
    DomainAdaptiveModel,
    Stages,
)
from mmvmtl.registry import MODELS

if TYPE_CHECKING:
    from mmaction.structures import ActionDataSample


@MODELS.register_module()
class DomainAdaptiveRecognizer(DomainAdaptiveModel):
    """Train a stock recogniser on labelled and unlabelled domains at once.

    All clips go through the backbone as one batch, and its features (M, C,
    ...), M / N rows for each of N clips, are what domains are compared by;
    the head, and a neck before it, see those of the labelled clips only.
    Samples need the metainfo ``domain`` and, where they are not labelled,
    ``labelled=()``: ``mmvmtl.SetDomain`` writes both, and
    ``PackActionInputs`` keeps them with ``meta_keys=(..., 'domain',
    'labelled')``. A label that an unlabelled clip has all the same is moot.

    The recogniser's parameters stand under ``detector.``.

    Args:
        recognizer (dict): config of a ``Recognizer2D`` or ``Recognizer3D``.
        domain (dict): config of :class:`DomainAdversary` with maps at image
            level, or of :class:`DomainAlignment`. ``stage='backbone'``;
            without a neck ``'neck'`` is the same.
        init_cfg (dict, optional): initialisation of MMEngine.

    Raises:
        UserError: of a preprocessor that blends clips, whose domains and
            labels would blend as well; in training, of an instance level,
            which needs boxes.
    """

    task = 'cls'

    def __init__(
        self, recognizer: dict, domain: dict, init_cfg: dict | None = None
    ) -> None:
        if (recognizer.get('data_preprocessor') or {}).get('blending'):
            raise UserError(
                'the data_preprocessor of the recogniser blends clips, so '
                'labelled with unlabelled ones: take its blending out'
            )
        super().__init__(recognizer, domain, init_cfg)

    def without_labels(self, sample: ActionDataSample) -> ActionDataSample:
        """The sample: a head wants some label, and its loss counts 0."""
        return sample

    @contextmanager
    def split(self, rows: Tensor, number: int) -> Iterator[Stages]:
        """Let the head see ``rows`` of ``number`` clips, keep the whole."""
        stages: Stages = {}

        def choose(feat: Tensor) -> Tensor:
            each = feat.unflatten(0, (number, -1))
            return each[rows.to(feat.device)].flatten(0, 1)

        def keep_and_select(module: nn.Module, args: tuple) -> tuple:
            feats, *others = args
            maps = tuple(_as_map(feat) for feat in tree_flatten(feats)[0])
            stages['backbone'] = maps
            if not self.detector.with_neck:
                stages['neck'] = maps
            return (tree_map(choose, feats), *others)

        # Here, not behind the backbone: those of torchvision and timm are
        # not called as modules.
        model = self.detector
        next_part = model.neck if model.with_neck else model.cls_head
        handle = next_part.register_forward_pre_hook(keep_and_select)
        try:
            yield stages
        finally:
            handle.remove()

    def find_boxes(
        self, inputs: Tensor, data_samples: Sequence, kind: str
    ) -> list[Tensor]:
        """There are none.

        Raises:
            UserError: always.
        """
        raise UserError(
            'an adversary at instance level needs boxes, and a recogniser '
            'has none: leave instance out of its domain'
        )


def _as_map(feat: Tensor) -> Tensor:
    """Features (M, C, ...) as one column of cells, (M, C, L, 1).

    Time and place are alike to a discriminator of single cells.
    """
    return feat.reshape(*feat.shape[:2], -1, 1)
