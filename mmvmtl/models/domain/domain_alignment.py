"""A distance of the domains' features as a further loss."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor

from mmvmtl.models.domain.domain_batch import DomainBatch, mean_inside
from mmvmtl.models.domain.gather import gather_rows
from mmvmtl.models.domain.names import check_domains
from mmvmtl.models.precision import float32_at_least
from mmvmtl.registry import MODELS


@MODELS.register_module()
class DomainAlignment(BaseModule):
    """Pull the features of n >= 2 domains together, without an adversary.

    One feature map, averaged over the picture, gives a row a frame; rows of
    all processes are compared, because the distance is a batch statistic.

    Args:
        domains (Sequence[str]): names of the domains.
        distance (dict): config of :class:`CORAL` or :class:`MMD`.
        stage (str): ``'backbone'`` or ``'neck'``.
        level (int): which of the stage's maps.
        weight (float): of the loss.
        init_cfg (dict, optional): initialisation of MMEngine.

    Raises:
        ValueError: of fewer than two domains.
    """

    def __init__(
        self,
        domains: Sequence[str],
        distance: dict,
        stage: str = 'neck',
        level: int = 0,
        weight: float = 1.0,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.domains = check_domains(domains)
        self.distance = MODELS.build(distance)
        self.stage = stage
        self.level = level
        self.weight = weight

    def loss(self, batch: DomainBatch) -> dict[str, Tensor]:
        """``loss_align``; 0 if fewer than two domains are present."""
        labels = batch.labels(self.domains)
        feat = float32_at_least(batch.level(self.stage, self.level))
        # Autocast would round the products of rows, and domains that are
        # nearly aligned differ by less than that.
        with torch.autocast(feat.device.type, enabled=False):
            rows = mean_inside(feat, batch.inside(feat))
            distance = self.distance(gather_rows(rows), gather_rows(labels))
        return dict(loss_align=self.weight * distance)
