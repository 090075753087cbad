r"""The adversary: a game at image level, one at boxes, and their agreement."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from mmengine.model import BaseModule, ModuleList
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.box_features import pad_boxes
from mmvmtl.models.domain.adversarial_game import GAMES, Round
from mmvmtl.models.domain.balanced_mean import balanced_mean
from mmvmtl.models.domain.domain_batch import DomainBatch, mean_inside
from mmvmtl.models.domain.gradient_reversal import (
    GradientReversal,
    reverse_gradient,
)
from mmvmtl.models.domain.names import check_domains
from mmvmtl.models.losses import global_mean
from mmvmtl.models.precision import float32_at_least
from mmvmtl.registry import MODELS


@MODELS.register_module()
class DomainAdversary(BaseModule):
    r"""Make the features of n >= 2 domains hard to tell apart.

    `Ganin et al., JMLR 2016 <https://arxiv.org/abs/1505.07818>`_ with the
    two levels and the consistency of `Chen et al., CVPR 2018
    <https://arxiv.org/abs/1803.03243>`_. Domains may be labelled or not; one
    that is missing from a batch is only not learned from.

    .. math:: L = w_{img} L_{img} + w_{ins} L_{ins} + w_{cst} L_{cst},\quad
        L_{cst} = \operatorname{mean}_{boxes} \tfrac{1}{2} \sum_d
        |\bar p_{img,d} - p_{ins,d}|

    (for two domains the paper's :math:`|p - p'|`). Means over boxes are taken
    by domain and then over the domains that have any, as one with labels has
    more of them, see :func:`balanced_mean`. :math:`L_{img}` and
    :math:`L_{ins}` reach the features reversed, times :math:`\lambda`;
    :math:`L_{cst}` reaches them as it is, times :math:`\lambda`.

    Args:
        domains (Sequence[str]): names of the D domains.
        image (dict | list[dict], optional): arguments of
            :class:`ImageDiscriminator`, one dict a feature map.
        instance (dict, optional): of :class:`InstanceDiscriminator`.
        consistency (float): :math:`w_{cst}`; needs both levels, and takes
            the first map.
        form (str): ``'reversal'``, or ``'alternating'`` for two separate
            losses, see :func:`play_alternating`;
            ``mmvmtl.AlternatingOptimWrapper`` then moves the players in turn.
        init_cfg (dict, optional): initialisation of MMEngine.

    Raises:
        ValueError: of fewer than two domains, no level, or an unknown form.
    """

    def __init__(
        self,
        domains: Sequence[str],
        image: dict | list[dict] | None = None,
        instance: dict | None = None,
        consistency: float = 0.0,
        form: str = 'reversal',
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.domains = check_domains(domains)
        maps = [image] if isinstance(image, dict) else list(image or ())
        if not maps and instance is None:
            raise UserError(
                'the adversary looks at nothing: give image, instance or both'
            )
        if consistency and (not maps or instance is None):
            raise UserError(
                'consistency compares both levels: give image and instance, '
                'or leave it out'
            )
        if form not in GAMES:
            raise UserError(
                f"form='{form}' is unknown: use {' or '.join(GAMES)}"
            )
        self.play = GAMES[form]
        self.consistency = consistency
        self.reversal = GradientReversal()
        known = dict(num_domains=len(self.domains))
        self.image = ModuleList(
            MODELS.build({'type': 'mmvmtl.ImageDiscriminator', **cfg, **known})
            for cfg in maps
        )
        self.instance = None
        if instance is not None:
            kind = {'type': 'mmvmtl.InstanceDiscriminator'}
            self.instance = MODELS.build({**kind, **instance, **known})

    def set_scale(self, scale: float) -> None:
        r"""Set :math:`\lambda`, how much the features mind."""
        self.reversal.set_scale(scale)

    def loss(self, batch: DomainBatch) -> dict[str, Tensor]:
        """Losses by name, to be added up, and accuracies ``acc_...``.

        An accuracy is the mean over the domains that are present; 1 / D
        says that nothing was seen.
        """
        labels = batch.labels(self.domains)
        weights = labels.new_tensor(batch.weights, dtype=torch.float)
        found: dict[str, Tensor] = {}

        def mean(values: Tensor) -> Tensor:
            return global_mean(weights.to(values) * values)

        for index, net in enumerate(self.image):
            name = f'image{index}' if index else 'image'
            feat = batch.level(net.stage, net.level)
            inside = batch.inside(feat)
            game = self._play(net, feat, labels)
            per_frame = [None if v is None else mean_inside(v, inside)
                         for v in (game.loss, game.fool)]  # fmt: skip
            _write(found, name, net.weight, mean, *per_frame)
            logits = mean_inside(game.logits, inside)
            found[f'acc_{name}'] = balanced_accuracy(logits, labels)
        if self.instance is not None:
            self._instance_loss(batch, labels, weights, found)
        return found

    def _play(self, net, feats: Tensor, labels: Tensor) -> Round:
        return self.play(
            net, feats, labels, self.reversal.scale, len(self.domains)
        )

    def _instance_loss(
        self,
        batch: DomainBatch,
        labels: Tensor,
        weights: Tensor,
        found: dict[str, Tensor],
    ) -> None:
        net = self.instance
        boxes, real = pad_boxes(batch.find_boxes(net.boxes))
        batch.check_strides(net.strides)
        # Read all slots, then take the real ones: with no box at all the
        # parameters are touched nevertheless, as DDP wants.
        rows = net.read(batch.stages['neck'], boxes)[real]
        owner = torch.arange(len(real), device=real.device)
        owner = owner[:, None].expand_as(real)[real]
        truth = labels[owner]
        game = self._play(net, rows, truth)

        def mean(values: Tensor) -> Tensor:
            values = weights[owner].to(values) * values
            return balanced_mean(values, truth, len(self.domains))

        _write(found, 'instance', net.weight, mean, game.loss, game.fool)
        found['acc_instance'] = balanced_accuracy(game.logits, truth)
        if self.consistency:
            distance = self._distance(batch, rows, owner)
            found['loss_consistency'] = self.consistency * mean(distance)

    def _distance(
        self, batch: DomainBatch, rows: Tensor, owner: Tensor
    ) -> Tensor:
        """How far boxes (K,) and their frames disagree, 0..1."""
        along = -self.reversal.scale
        net = self.image[0]
        feat = batch.level(net.stage, net.level)
        cells = net(reverse_gradient(feat, along))
        cells = float32_at_least(cells).softmax(dim=1)
        frames = mean_inside(cells, batch.inside(feat))
        per_box = self.instance(reverse_gradient(rows, along))
        per_box = float32_at_least(per_box).softmax(dim=1)
        return (frames[owner] - per_box).abs().sum(dim=1) / 2


def balanced_accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Share of right rows, the mean over the domains present, 0..1.

    Args:
        logits (Tensor): (N, D).
        labels (Tensor): (N,).

    Returns:
        Tensor: (); 1 / D, which is chance, without rows.
    """
    if not len(labels):
        return logits.new_tensor(1 / logits.shape[1]).detach()
    right = (logits.argmax(dim=1) == labels).float()
    shares = [right[labels == domain].mean() for domain in labels.unique()]
    return torch.stack(shares).mean()


def _write(
    found: dict[str, Tensor],
    name: str,
    weight: float,
    mean: Callable[[Tensor], Tensor],
    loss: Tensor,
    fool: Tensor | None,
) -> None:
    """Add the means of a game's losses (N,)."""
    found[f'loss_{name}'] = weight * mean(loss)
    if fool is not None:
        found[f'loss_{name}_fool'] = weight * mean(fool)
