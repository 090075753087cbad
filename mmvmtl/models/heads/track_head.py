"""What the tracker needs to know of a box: who it is, and how it moves."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.structures import InstanceData
from torch import Tensor, nn

from mmvmtl.models.box_features import pad_boxes, read_boxes
from mmvmtl.models.clip_batch import ClipBatch
from mmvmtl.models.heads.base_task_head import BaseTaskHead, Features
from mmvmtl.models.heads.motion import MotionReader
from mmvmtl.models.precision import float32_at_least
from mmvmtl.registry import MODELS


@MODELS.register_module()
class TrackHead(BaseTaskHead):
    """Embedding and velocity, read at boxes.

    Features of all levels at the box's centre and of the finest level on a
    grid inside the box go through a small MLP, so that the cost is K × C
    numbers and not a dense map. Ground-truth boxes train it, shaken a little
    because detected boxes are never exact.

    Args:
        in_channels (int): C of every feature level.
        strides (Sequence[int]): pixels per cell of every level.
        embed_dims (int): size of an embedding.
        feat_channels (int): width of the MLP.
        branch_channels (int, optional): width of a 3×3 convolution of each
            level that the head reads instead; by default it reads the shared
            features as they are.
        grid (int): points along a box's edge on the finest level.
        motion (dict, optional): arguments of :class:`MotionReader`; ``None``
            leaves velocities out.
        loss_embed (dict): config of the embedding loss.
        velocity_weight (float): weight of the velocity loss beside it.
        box_jitter (float): standard deviation of a training box's edges, in
            parts of its sides.
        min_visibility (float): boxes less visible than this train nothing.
        score_thr (float): detections below are not read, nor tracked.
        embed_gt (bool): also read at ground-truth boxes when predicting, into
            ``gt_readout`` of each frame, as re-identification metrics need.
        init_cfg (dict, optional): initialisation of MMEngine.
    """

    gives = 'tracks'
    needs = 'boxes'

    def __init__(
        self,
        in_channels: int,
        strides: Sequence[int] = (8, 16, 32),
        embed_dims: int = 64,
        feat_channels: int = 256,
        branch_channels: int | None = None,
        grid: int = 3,
        motion: dict | None = None,
        loss_embed: dict | None = None,
        velocity_weight: float = 1.0,
        box_jitter: float = 0.05,
        min_visibility: float = 0.2,
        score_thr: float = 0.1,
        embed_gt: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.strides = tuple(strides)
        self.grid = grid
        self.box_jitter = box_jitter
        self.min_visibility = min_visibility
        self.score_thr = score_thr
        self.embed_gt = embed_gt
        self.velocity_weight = velocity_weight
        self.branch = None
        if branch_channels is not None:
            self.branch = nn.ModuleList(
                nn.Sequential(
                    nn.Conv2d(in_channels, branch_channels, 3, padding=1),
                    nn.ReLU(inplace=True),
                )
                for _ in self.strides
            )
            in_channels = branch_channels
        points = len(self.strides) + grid * grid
        self.trunk = nn.Sequential(
            nn.Linear(points * in_channels, feat_channels),
            nn.LayerNorm(feat_channels),
            nn.ReLU(inplace=True),
        )
        self.embed = nn.Linear(feat_channels, embed_dims)
        self.motion = None
        if motion is not None:
            self.motion = MotionReader(
                in_channels=in_channels,
                stride=self.strides[0],
                context_channels=feat_channels,
                **motion,
            )
        self.loss_embed = MODELS.build(
            loss_embed or dict(type='mmvmtl.InstanceContrastiveLoss'),
            default_args=dict(embed_dims=embed_dims),
        )

    def _own(self, feats: Features) -> Features:
        """The levels that are read at boxes."""
        if self.branch is None:
            return feats
        return tuple(
            convs(feat) for convs, feat in zip(self.branch, feats, strict=True)
        )

    def forward(self, feats: Features) -> Tensor:
        """The part that needs no boxes: the motion map (M, D, H, W)."""
        feats = self._own(feats)
        return feats[0] if self.motion is None else self.motion(feats[0])

    def _describe(self, feats: Features, boxes: Tensor) -> Tensor:
        """Hidden features (M, K, F) of ``boxes`` (M, K, 4)."""
        return self.trunk(read_boxes(feats, boxes, self.strides, self.grid))

    def _jitter(self, boxes: Tensor) -> Tensor:
        sides = (boxes[..., 2:] - boxes[..., :2]).repeat(1, 1, 2)
        return boxes + torch.randn_like(boxes) * sides * self.box_jitter

    def _clear(self, gt: InstanceData) -> Tensor:
        """Mask of ground truth that is visible enough, or not rated."""
        return ~(gt.visibilities < self.min_visibility)

    def loss(self, feats: Features, batch: ClipBatch) -> dict[str, Tensor]:
        """``loss_embed`` and, with motion, ``loss_velocity``.

        What is read at the (shaken) boxes stands in ``gt_readout`` of each
        frame for the heads behind this one, with its gradient.
        """
        feats = self._own(feats)
        labelled = set(batch.labelled_frames(self.task).tolist())
        truth = []
        for index, frame in enumerate(batch.frames):
            gt = frame.gt_instances
            truth.append(gt[self._clear(gt)] if index in labelled else gt[:0])
        boxes, real = pad_boxes([gt.bboxes for gt in truth])
        boxes = self._jitter(boxes)
        hidden = self._describe(feats, boxes)
        lengths = torch.tensor(batch.lengths, device=boxes.device)
        clips, videos = (
            torch.tensor(numbers, device=boxes.device)
            .repeat_interleave(lengths)[:, None]
            .expand_as(real)[real]
            for numbers in (range(len(batch.samples)), batch.videos())
        )
        losses = dict(
            loss_embed=self.loss_embed(
                self.embed(hidden[real]),
                clips,
                torch.cat([gt.instances_ids for gt in truth]),
                torch.cat([gt.labels for gt in truth]),
                videos,
            )
        )
        readout = {'bboxes': boxes}
        if self.motion is not None:
            maps = self.motion.pair(feats[0], batch, self.task)
            velocities = self.motion.read(maps, boxes, hidden)
            loss = self.motion.loss(
                velocities[real],
                torch.cat([gt.velocities for gt in truth]),
                maps.gap[:, None].expand_as(real)[real],
            )
            losses['loss_velocity'] = self.velocity_weight * loss
            readout['velocities'] = velocities
        for m, frame in enumerate(batch.frames):
            frame.gt_readout = InstanceData(
                **{k: v[m, : len(truth[m])] for k, v in readout.items()}
            )
        return losses

    def predict(self, feats: Features, batch: ClipBatch) -> None:
        """Write ``pred_track_instances``, still without ids, per frame."""
        feats = self._own(feats)
        chosen = []
        for frame in batch.frames:
            found = frame.pred_instances
            sure = found.scores >= self.score_thr
            # A slice is a new object as well, and much cheaper than a mask.
            chosen.append(found[:] if sure.all() else found[sure])
        maps = None
        if self.motion is not None:
            maps = self.motion.pair(feats[0], batch, self.task)
        read = self._read(feats, maps, [found.bboxes for found in chosen])
        for frame, found, values in zip(
            batch.frames, chosen, read, strict=True
        ):
            for name, value in values.items():
                found.set_field(value, name)
            frame.pred_track_instances = found
        if self.embed_gt:
            self._read_ground_truth(feats, maps, batch)

    def _read_ground_truth(
        self, feats: Features, maps: object, batch: ClipBatch
    ) -> None:
        boxes = []
        for frame in batch.frames:
            gt = frame.gt_instances.bboxes
            scale = gt.new_tensor(frame.scale_factor).repeat(2)
            boxes.append(gt * scale)
        read = self._read(feats, maps, boxes)
        for frame, values in zip(batch.frames, read, strict=True):
            frame.gt_readout = InstanceData(**values)

    def _read(
        self, feats: Features, maps: object, boxes: list[Tensor]
    ) -> list[dict[str, Tensor]]:
        """Per frame embeddings (N, E) and velocities (N, 2)."""
        if not any(map(len, boxes)):
            return [self._nothing(b) for b in boxes]
        padded, _ = pad_boxes(boxes)
        hidden = self._describe(feats, padded)
        embeddings = F.normalize(float32_at_least(self.embed(hidden)), dim=-1)
        out = {'embeddings': embeddings}
        if self.motion is not None:
            out['velocities'] = self.motion.read(maps, padded, hidden)
        return [
            {name: value[m, : len(b)] for name, value in out.items()}
            for m, b in enumerate(boxes)
        ]

    def _nothing(self, boxes: Tensor) -> dict[str, Tensor]:
        """What is read at no boxes (0, 4)."""
        out = {'embeddings': boxes.new_zeros(0, self.embed.out_features)}
        if self.motion is not None:
            out['velocities'] = boxes.new_zeros(0, 2)
        return out
