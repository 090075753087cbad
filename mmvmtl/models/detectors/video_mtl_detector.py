"""One network that detects, classifies and tracks in video."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModel
from torch import Tensor

from mmvmtl.models.clip_batch import ClipBatch
from mmvmtl.models.detectors.streams import StreamBank, track
from mmvmtl.models.losses.total import TOTAL, pick_total
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
        data_preprocessor (dict, optional): config of the preprocessor.
        init_cfg (dict, optional): initialisation of MMEngine.
    """

    def __init__(
        self,
        backbone: dict,
        head: dict,
        neck: dict | None = None,
        branch: dict | None = None,
        loss: dict | None = None,
        tracker: dict | None = None,
        data_preprocessor: dict | None = None,
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
        self.weighting = MODELS.build(
            loss or dict(type='mmvmtl.WeightedMTLLoss'),
            default_args=dict(tasks=self.head.tasks),
        )
        self.streams = StreamBank(
            None if tracker is None else TASK_UTILS.build(tracker)
        )
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
                raise ValueError(
                    f"'{name}' is no task of this model: it has "
                    f'{", ".join(self.head.tasks)}'
                )
        for name in names:
            needs = self.head.heads[name].needs
            if needs and not any(
                self.head.heads[other].gives == needs for other in names
            ):
                raise ValueError(
                    f"task '{name}' needs {needs}: ask for the task that "
                    'gives them as well'
                )
        self._tasks = tuple(t for t in self.head.tasks if t in names)
        self.reset_streams()

    def reset_streams(self) -> None:
        """Forget all videos, so that the next frame begins a new one."""
        self.streams.reset()

    def extract_feat(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """L levels (M, C, H, W) of frames (M, 3, H, W)."""
        feats = self.backbone(inputs)
        return tuple(feats if self.neck is None else self.neck(feats))

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
            feats = self.extract_feat(inputs)
            return self.head(self.branch(feats, self.tasks))
        raise ValueError(f"mode='{mode}': use 'loss', 'predict' or 'tensor'")

    def loss(
        self, inputs: Tensor, data_samples: list[VideoMTLDataSample]
    ) -> Losses:
        """The weighted total ``loss_mtl`` and each task's own losses.

        The latter are detached and named ``<task>.<loss>``. Weighting happens
        here, inside the forward that DDP wraps, because parameters of a
        learned weighting must be used there.
        """
        batch = ClipBatch(data_samples)
        feats = self.branch(self.extract_feat(inputs), self.head.tasks)
        active = self.head.active(batch)
        by_task = self.head.loss(feats, batch, active)
        log, totals = {}, []
        for task, losses in by_task.items():
            terms = []
            for name, value in losses.items():
                value = sum(value) if isinstance(value, list) else value
                if 'loss' in name:
                    value = value.mean()
                    terms.append(value)
                log[f'{task}.{name}'] = value.detach()
            totals.append(sum(terms))
        flags = torch.tensor(active, device=inputs.device)
        stacked = torch.stack(totals)
        total = self.weighting(stacked, flags)
        self.tell_observer(self.head.tasks, stacked, flags, total)
        total = self.branch.balance(stacked, total, flags, self)
        return dict(log, **{TOTAL: total})

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
        feats = self.branch(self.extract_feat(inputs), self.tasks)
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
        self.streams.leave(data_samples)
        return data_samples


def _to_original_pixels(instances: object, scale_factor: tuple) -> None:
    """Undo the pipeline's resize by ``scale_factor`` (w, h)."""
    if tuple(scale_factor) == (1, 1):
        return
    scale = instances.bboxes.new_tensor(scale_factor)
    instances.bboxes = instances.bboxes / scale.repeat(2)
    if 'velocities' in instances:
        instances.velocities = instances.velocities / scale
