"""A clip label told by how the objects move together."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmdet.structures import DetDataSample
from torch import Tensor, nn

from mmvmtl.errors import UserError
from mmvmtl.models.heads.base_task_head import Features
from mmvmtl.models.heads.clip_task import ClipTask
from mmvmtl.registry import MODELS


@MODELS.register_module()
class GroupMotionHead(ClipTask):
    """A set network over the boxes and velocities of a clip's frames.

    Every box of every frame is a token: its place and velocity relative to
    the mean of the group, and the parts of the latter along and across the
    former. An MLP, the mean and the maximum over tokens, and an MLP give the
    label (`Deep Sets <https://arxiv.org/abs/1703.06114>`_). In training,
    boxes are those that the tracking head read, with its own velocities, so
    the clip label trains the shared features through them.

    Args:
        num_classes (int): number of clip labels.
        feat_channels (int): width of the MLPs.
        max_objects (int): boxes of a frame that are looked at.
        score_thr (float): predicted boxes below are left out.
        place (float): pixels of the input that one unit of place stands for.
        speed (float): pixels per frame that one unit of velocity stands for.
        **kwargs: windows, see :class:`ClipTask`.

    Raises:
        UserError: In training or predicting, if the tracking head reads no
            velocities.
    """

    needs = 'tracks'

    def __init__(
        self,
        num_classes: int,
        feat_channels: int = 64,
        max_objects: int = 32,
        score_thr: float = 0.3,
        place: float = 64.0,
        speed: float = 2.0,
        **kwargs,
    ) -> None:
        super().__init__(num_classes, **kwargs)
        self.max_objects = max_objects
        self.score_thr = score_thr
        self.register_buffer(
            'unit',
            torch.tensor([place, place, speed, speed]),
            persistent=False,
        )
        self.token = nn.Sequential(
            nn.Linear(8, feat_channels),
            nn.ReLU(inplace=True),
            nn.Linear(feat_channels, feat_channels),
            nn.ReLU(inplace=True),
        )
        self.classify = nn.Sequential(
            nn.Linear(2 * feat_channels, feat_channels),
            nn.ReLU(inplace=True),
            nn.Linear(feat_channels, num_classes),
        )

    def forward(self, feats: Features) -> tuple:
        """Nothing: without boxes there is no label."""
        return ()

    def describe(
        self, feats: Features, frames: Sequence[DetDataSample]
    ) -> Tensor:
        """Centres and velocities (M, max_objects, 4), NaN where none is."""
        rows = []
        for frame in frames:
            row = feats[0].new_zeros(0, 4)
            found = self._found(frame)
            if found is not None:
                if 'velocities' not in found:
                    raise UserError(
                        f"the head of task '{self.task}' tells clips by "
                        'velocities, which the tracking head does not read: '
                        'give that TrackHead motion=dict().'
                    )
                centre = (found.bboxes[:, :2] + found.bboxes[:, 2:]) / 2
                row = torch.cat([centre, found.velocities], dim=1)
                row = row[: self.max_objects]
            missing = self.max_objects - len(row)
            rows.append(
                nn.functional.pad(row, (0, 0, 0, missing), value=float('nan'))
            )
        return torch.stack(rows) / self.unit

    def _found(self, frame: DetDataSample) -> object | None:
        if 'pred_track_instances' in frame:
            found = frame.pred_track_instances
            return found[found.scores >= self.score_thr]
        return frame.get('gt_readout')

    def score(self, clips: Tensor) -> Tensor:
        """Logits (B, num_classes) of described clips (B, T, K, 4)."""
        rows = clips.flatten(1, 2)
        real = rows.isfinite().all(dim=-1, keepdim=True)
        rows = rows.masked_fill(~real, 0.0)
        count = real.sum(dim=1, keepdim=True).clamp(min=1)
        mean = rows.sum(dim=1, keepdim=True) / count
        place, velocity = (rows - mean).split(2, dim=-1)
        out = nn.functional.normalize(place, dim=-1)
        along = (out * velocity).sum(dim=-1, keepdim=True)
        across = (
            out[..., :1] * velocity[..., 1:] - out[..., 1:] * velocity[..., :1]
        )
        group = mean[..., 2:].expand_as(velocity)
        token = self.token(
            torch.cat([place, velocity, group, along, across], dim=-1)
        )
        token = token.masked_fill(~real, 0.0)
        pooled = [token.sum(dim=1) / count[:, 0], token.amax(dim=1)]
        return self.classify(torch.cat(pooled, dim=-1))
