"""Identity by contrast: the same instance attracts, others repel."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.losses.normalise import global_mean
from mmvmtl.models.precision import float32_at_least
from mmvmtl.registry import MODELS


@MODELS.register_module()
class InstanceContrastiveLoss(BaseModule):
    r"""Supervised contrast over the boxes of a batch of clips.

    `Khosla et al., NeurIPS 2020 <https://arxiv.org/abs/2004.11362>`_, the
    outer form, with the other positives left out of the denominator:

    .. math:: L = \operatorname{mean}_{i, p \in P(i)} -\log
        \frac{e^{s_{ip}/\tau}}{e^{s_{ip}/\tau} + \sum_{n \in N(i)}
        e^{s_{in}/\tau}}, \quad s = \cos

    P(i) are boxes of the same instance in other frames of the clip. N(i) are
    boxes of other instances of the same class, because association never
    compares classes; in another clip of its video the same instance is in
    neither, nor is any whose identity is known within its clip only. The
    mean is taken over the pairs of all ranks; without any pair the loss is 0.

    A small batch shows few others. With ``memory`` the boxes of the last
    batches repel too, as they were embedded then
    (`Wang et al., CVPR 2020 <https://arxiv.org/abs/1912.06798>`_). They must
    be of other instances: only for data of many more videos than are
    remembered.

    Args:
        temperature (float): :math:`\tau > 0`.
        negatives (str): ``'batch'`` takes negatives from all clips,
            ``'clip'`` from the box's own clip only (then the loss does not
            depend on how clips are spread over ranks).
        memory (int): boxes of earlier batches of this process that repel as
            well, with negatives of the batch.
        embed_dims (int): size of an embedding, for the memory; the head that
            holds the loss gives it.

    Raises:
        ValueError: on another ``negatives``, or a memory beside ``'clip'``.
    """

    seen: Tensor
    seen_labels: Tensor

    def __init__(
        self,
        temperature: float = 0.1,
        negatives: str = 'batch',
        memory: int = 0,
        embed_dims: int = 64,
    ) -> None:
        super().__init__()
        if negatives not in ('batch', 'clip'):
            raise UserError(
                f"negatives='{negatives}' is unknown: use 'batch' or 'clip'"
            )
        if memory and negatives == 'clip':
            raise UserError(
                f'memory={memory} holds boxes of other clips: use it with '
                "negatives='batch'"
            )
        self.temperature = temperature
        self.negatives = negatives
        self.memory = memory
        if memory:
            self.register_buffer('seen', torch.zeros(memory, embed_dims))
            # No label is -1, so what is still empty repels nobody.
            self.register_buffer(
                'seen_labels', torch.full((memory,), -1, dtype=torch.long)
            )

    def forward(
        self,
        embeddings: Tensor,
        clips: Tensor,
        ids: Tensor,
        labels: Tensor,
        videos: Tensor | None = None,
    ) -> Tensor:
        """The loss, ().

        Args:
            embeddings (Tensor): (K, E), of any length.
            clips (Tensor): (K,), number of the clip.
            ids (Tensor): (K,), of the instance within its video; a negative
                one within its clip, and then it repels no other clip of the
                video.
            labels (Tensor): (K,), its class.
            videos (Tensor, optional): (K,), number of the video; None says
                that no two clips are of one video.
        """
        unit = F.normalize(float32_at_least(embeddings), dim=1)
        logits = unit @ unit.T / self.temperature
        same_clip = clips[:, None] == clips[None]
        same = same_clip & (ids[:, None] == ids[None])
        negative = ~same & (labels[:, None] == labels[None])
        if videos is not None:
            same_video = videos[:, None] == videos[None]
            local = ~same_clip & ((ids < 0)[:, None] | (ids < 0)[None])
            negative &= ~(same_video & (local | (ids[:, None] == ids[None])))
        if self.negatives == 'clip':
            negative &= same_clip
        positive = same & ~torch.eye(
            len(ids), dtype=torch.bool, device=ids.device
        )
        anchor, match = positive.nonzero(as_tuple=True)
        floor = torch.finfo(logits.dtype).min
        rivals = logits.masked_fill(~negative, floor)
        if self.memory:
            other = unit @ self.seen.to(unit).T / self.temperature
            known = labels[:, None] == self.seen_labels[None]
            rivals = torch.cat([rivals, other.masked_fill(~known, floor)], 1)
            if self.training:
                self._remember(unit.detach(), labels)
        repel = rivals.logsumexp(dim=1)
        attract = logits[anchor, match]
        return global_mean(F.softplus(repel[anchor] - attract))

    def _remember(self, unit: Tensor, labels: Tensor) -> None:
        """Put the newest in front; the oldest fall out."""
        self.seen = torch.cat([unit, self.seen])[: self.memory]
        self.seen_labels = torch.cat([labels, self.seen_labels])[: self.memory]
