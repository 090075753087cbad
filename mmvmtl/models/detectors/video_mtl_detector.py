"""One network that detects, classifies and tracks in video."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModel, ModuleList
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.clip_batch import ClipBatch
from mmvmtl.models.detectors.streams import StreamBank, track
from mmvmtl.models.domain import clip_domain_batch
from mmvmtl.models.losses.build import build_loss_weighting
from mmvmtl.models.losses.total import TOTAL, pick_total
from mmvmtl.models.task_names import check_tasks
from mmvmtl.models.touch import zero_touch
from mmvmtl.registry import MODELS, TASK_UTILS
from mmvmtl.structures import VideoMTLDataSample
from mmvmtl.task_graph import Observed

Losses = dict[str, Tensor]


@MODELS.register_module()
class VideoMTLDetector(Observed, BaseModel):
    """Backbone and neck shared by the heads of all tasks.

    Frames go through the network as one batch, whatever clip they belong to.
    When predicting, a stream per video holds tracks and what heads remember,
    so that any number of videos may share a batch and the result does not
    depend on how they are cut into batches.

    Args:
        backbone (dict): config of an MMDet (or MMAction2 2D) backbone.
        head (dict): config of :class:`MultiTaskHead`.
        neck (dict, optional): config of a neck.
        branch (dict): the cut between shared and task parameters.
        loss (dict): the weighting of the task losses.
        tracker (dict, optional): config of the tracker; ``None`` gives boxes
            no ids.
        domain (dict, optional): config of what compares the features of
            domains in training, such as :class:`DomainAdversary`; its loss
            stands beside the weighted task losses.
        data_preprocessor (dict, optional): config of the preprocessor.
        sharing (dict, optional): what stands between the cut and the heads,
            :class:`CrossStitch` say; ``None`` is hard sharing: every head
            sees the same features.
        regularisers (Sequence[dict]): terms beside the task losses,
            :class:`SharedWeightPenalty` say.
        init_cfg (dict, optional): initialisation of MMEngine.
    """

    #: What the losses of ``domain`` count: a forward may show one domain only.
    domain_share = 1.0

    def __init__(
        self,
        backbone: dict,
        head: dict,
        neck: dict | None = None,
        branch: dict | None = None,
        loss: dict | None = None,
        tracker: dict | None = None,
        domain: dict | None = None,
        data_preprocessor: dict | None = None,
        sharing: dict | None = None,
        regularisers: Sequence[dict] = (),
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.backbone = MODELS.build(backbone)
        self.neck = None if neck is None else MODELS.build(neck)
        self.head = MODELS.build(head)
        self.branch = MODELS.build(
            branch or dict(type='mmvmtl.TaskBranch'),
            default_args=dict(tasks=self.head.tasks),
        )
        self.weighting = build_loss_weighting(loss, self.head.tasks)
        self.sharing = None
        if sharing is not None:
            self.sharing = MODELS.build(
                sharing, default_args=dict(tasks=self.head.tasks)
            )
            check_tasks(self.sharing.tasks, self.head.tasks)
        shapes = {name: p.shape for name, p in self.named_parameters()}
        known = dict(shapes=shapes, tasks=self.head.tasks)
        self.regularisers = ModuleList(
            MODELS.build(cfg, default_args=known) for cfg in regularisers
        )
        self.streams = StreamBank(
            None if tracker is None else TASK_UTILS.build(tracker)
        )
        self.domain = None if domain is None else MODELS.build(domain)
        self._tasks = self.head.tasks

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that ``predict`` and ``tensor`` compute."""
        return self._tasks

    @tasks.setter
    def tasks(self, names: Sequence[str]) -> None:
        """Ask for some of the tasks only; the others then cost nothing.

        Raises:
            ValueError: for a name that is no task, or one that needs what
                none of the others gives.
        """
        for name in names:
            if name not in self.head.tasks:
                raise UserError(
                    f"'{name}' is no task of this model: it has "
                    f'{", ".join(self.head.tasks)}'
                )
        for name in names:
            needs = self.head.heads[name].needs
            if needs and not any(
                self.head.heads[other].gives == needs for other in names
            ):
                raise UserError(
                    f"task '{name}' needs {needs}: ask for the task that "
                    'gives them as well'
                )
        self._tasks = tuple(t for t in self.head.tasks if t in names)
        self.reset_streams()

    def reset_streams(self, video_id: object = None) -> None:
        """Forget a video, or all, so that the next frame begins a new one."""
        self.streams.reset(video_id)

    def extract_feat(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """L levels (M, C, H, W) of frames (M, 3, H, W)."""
        return self._stages(inputs)['neck']

    def _stages(self, inputs: Tensor) -> dict[str, tuple[Tensor, ...]]:
        """Levels by 'backbone' and 'neck', the same without a neck."""
        low = self.backbone(inputs)
        high = low if self.neck is None else self.neck(low)
        # MMAction2's backbones give their only level as it is.
        return {
            stage: (feats,) if isinstance(feats, Tensor) else tuple(feats)
            for stage, feats in (('backbone', low), ('neck', high))
        }

    def task_feats(
        self, feats: tuple[Tensor, ...], tasks: Sequence[str]
    ) -> dict[str, tuple[Tensor, ...]]:
        """What the heads of ``tasks`` see of shared ``feats``, L levels."""
        views = self.branch(feats, tasks)
        return views if self.sharing is None else self.sharing(views)

    def forward(
        self,
        inputs: Tensor,
        data_samples: list[VideoMTLDataSample] | None = None,
        clip_index: Tensor | None = None,
        mode: str = 'tensor',
    ) -> dict | list:
        """Run the network on M frames.

        Args:
            inputs (Tensor): (M, 3, H, W), normalised.
            data_samples (list[VideoMTLDataSample], optional): one per clip;
                their frames, clip after clip, are those of ``inputs``.
            clip_index (Tensor, optional): (M,), the clip of each frame; it
                follows from ``data_samples`` and is accepted because the
                preprocessor gives it.
            mode (str): ``'loss'``, ``'predict'`` or ``'tensor'``.

        Returns:
            dict or list: losses, the samples with predictions, or raw
            outputs by task.

        Raises:
            ValueError: on another ``mode``.
        """
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        if mode == 'tensor':
            return self.head(
                self.task_feats(self.extract_feat(inputs), self.tasks)
            )
        raise UserError(f"mode='{mode}': use 'loss', 'predict' or 'tensor'")

    def loss(
        self, inputs: Tensor, data_samples: list[VideoMTLDataSample]
    ) -> Losses:
        """The weighted total ``loss_mtl`` and each task's own losses.

        The latter are detached and named ``<task>.<loss>``; beside them
        stands each task's ``weight.<task>``, and ``balance.<task>`` where
        gradients are balanced. Weighting happens here, inside
        the forward that DDP wraps, because parameters of a learned weighting
        must be used there.
        """
        batch = ClipBatch(data_samples)
        stages = self._stages(inputs)
        feats = self.task_feats(stages['neck'], self.head.tasks)
        active = self.head.active(batch)
        by_task = self.head.loss(feats, batch, active)
        log, totals = _by_task(by_task)
        flags = torch.tensor(active, device=inputs.device)
        stacked = torch.stack(totals)
        total = self.weighting(stacked, flags)
        for task, weight in zip(
            by_task, self.weighting.last_weights, strict=True
        ):
            log[f'weight.{task}'] = weight
        self.tell_observer(self.head.tasks, stacked, flags, total)
        total = self.branch.balance(totals, total, flags, self)
        log.update(self.branch.log(self.head.tasks))
        if self.sharing is not None:
            total = total + zero_touch(self.sharing)
        beside = self._regularise(stacked, flags)
        if self.domain is not None:
            compared = clip_domain_batch(stages, feats, batch, self.head.heads)
            for name, value in self.domain.loss(compared).items():
                share = self.domain_share if 'loss' in name else 1.0
                beside[f'domain.{name}'] = share * value
        for name, value in beside.items():
            log[name] = value.detach()
            if 'loss' in name:
                total = total + value
        return dict(log, **{TOTAL: total})

    def _regularise(self, losses: Tensor, active: Tensor) -> Losses:
        """Terms beside the task losses; those of one kind are added up."""
        terms: Losses = {}
        if self.regularisers:
            parameters = dict(self.named_parameters())
            for regulariser in self.regularisers:
                key = f'regulariser.loss_{regulariser.name}'
                term = regulariser(parameters, losses, active)
                terms[key] = terms.get(key, 0) + term
        return terms

    def parse_losses(self, losses: Losses) -> tuple[Tensor, Losses]:
        """Pick the total."""
        return pick_total(losses)

    @torch.no_grad()
    def predict(
        self, inputs: Tensor, data_samples: list[VideoMTLDataSample]
    ) -> list[VideoMTLDataSample]:
        """Predict the asked tasks; boxes and velocities in original pixels."""
        streams = self.streams.enter(data_samples)
        batch = ClipBatch(data_samples, [s.memory for s in streams])
        feats = self.task_feats(self.extract_feat(inputs), self.tasks)
        self.head.predict(feats, batch, self.tasks)
        for frame in batch.frames:
            for name in ('pred_instances', 'pred_track_instances'):
                if name in frame:
                    _to_original_pixels(frame.get(name), frame.scale_factor)
            if 'gt_readout' in frame and 'velocities' in frame.gt_readout:
                scale = inputs.new_tensor(frame.scale_factor)
                frame.gt_readout.velocities /= scale
        tracked = any('pred_track_instances' in f for f in batch.frames)
        if tracked and self.streams.tracker is not None:
            track(batch, streams)
        self.streams.leave(data_samples, streams)
        return data_samples


def _by_task(losses: dict[str, Losses]) -> tuple[Losses, list[Tensor]]:
    """What is logged, as ``<task>.<name>``, and each task's sum, ()."""
    log: Losses = {}
    totals = []
    for task, values in losses.items():
        terms = []
        for name, value in values.items():
            value = sum(value) if isinstance(value, list) else value
            if 'loss' in name:
                value = value.mean()
                terms.append(value)
            log[f'{task}.{name}'] = value.detach()
        totals.append(sum(terms))
    return log, totals


def _to_original_pixels(instances: object, scale_factor: tuple) -> None:
    """Undo the pipeline's resize by ``scale_factor`` (w, h)."""
    if tuple(scale_factor) == (1, 1):
        return
    scale = instances.bboxes.new_tensor(scale_factor)
    instances.bboxes = instances.bboxes / scale.repeat(2)
    if 'velocities' in instances:
        instances.velocities = instances.velocities / scale
