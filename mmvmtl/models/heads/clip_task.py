"""Labels of clips: what heads that look at several frames share."""

from __future__ import annotations

import sys
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor

from mmvmtl.models.clip_batch import ClipBatch
from mmvmtl.models.heads.base_task_head import BaseTaskHead, Features
from mmvmtl.models.losses import global_mean
from mmvmtl.models.precision import float32_at_least


class ClipTask(BaseTaskHead):
    """A clip label from descriptors of its frames.

    Trained on whole clips. In a stream it looks at windows: the first frame,
    and each that is ``stride`` numbers behind the one before, or the next
    there is, is described and remembered, and every ``hop``
    described frames the last ``window`` are classified. The stream's score is
    the mean over its windows so far, so it does not depend on how the video
    was cut into batches.

    Args:
        num_classes (int): number of clip labels.
        window (int): described frames in a window.
        stride (int): frames from one described frame to the next.
        hop (int): described frames from one window to the next.
        init_cfg (dict, optional): initialisation of MMEngine.
    """

    def __init__(
        self,
        num_classes: int,
        window: int = 8,
        stride: int = 2,
        hop: int = 4,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.num_classes = num_classes
        self.window = window
        self.stride = stride
        self.hop = hop

    @contextmanager
    def whole_clips(self) -> Iterator[None]:
        """While it lasts, predict clips as they are trained: every frame."""
        kept = self.stride, self.window
        self.stride, self.window = 1, sys.maxsize
        try:
            yield
        finally:
            self.stride, self.window = kept

    @abstractmethod
    def describe(self, feats: Features, frames: Sequence) -> Tensor:
        """What is remembered of each of the M frames, (M, ...)."""

    @abstractmethod
    def score(self, clips: Tensor) -> Tensor:
        """Logits (B, num_classes) of B described clips (B, T, ...)."""

    def forward(self, feats: Features) -> Tensor:
        """Logits (1, num_classes) of the frames of one clip."""
        return self.score(self.describe(feats, ())[None])

    def loss(self, feats: Features, batch: ClipBatch) -> dict[str, Tensor]:
        """Cross entropy ``loss_clip`` over the labelled clips of all ranks."""
        described = self.describe(feats, batch.frames)
        by_length: dict[int, list] = {}
        for (start, end), sample in zip(
            batch.spans(), batch.samples, strict=True
        ):
            if self.task in sample.labelled:
                clip = described[start:end], sample.gt_label
                by_length.setdefault(end - start, []).append(clip)
        logits, labels = [], []
        for clips in by_length.values():
            logits.append(self.score(torch.stack([c for c, _ in clips])))
            labels += [label for _, label in clips]
        if not logits:
            return dict(loss_clip=global_mean(described.flatten()[:0]))
        loss = F.cross_entropy(
            float32_at_least(torch.cat(logits)),
            torch.cat(labels),
            reduction='none',
        )
        return dict(loss_clip=global_mean(loss))

    def predict(self, feats: Features, batch: ClipBatch) -> None:
        """Write ``pred_score`` and ``pred_label`` into every clip."""
        described = self._describe_some(feats, batch)
        for span, sample, memory in zip(
            batch.spans(), batch.samples, batch.memory, strict=True
        ):
            state = memory[self.task]
            windows = self._advance(described, range(*span), batch, state)
            if windows:
                scores = self.score(torch.stack(windows)).softmax(dim=-1)
                state['sum'] = state.get('sum', 0) + scores.sum(dim=0)
                state['count'] = state.get('count', 0) + len(scores)
            if 'sum' in state:
                mean = state['sum'] / state['count']
            else:
                partial = torch.stack(state['frames'])[None]
                mean = self.score(partial).softmax(dim=-1)[0]
            sample.set_pred_score(mean)
            sample.set_pred_label(mean.argmax())

    def _describe_some(
        self, feats: Features, batch: ClipBatch
    ) -> dict[int, Tensor]:
        """Descriptors of the frames that a window will look at."""
        chosen = []
        for (start, end), memory in zip(
            batch.spans(), batch.memory, strict=True
        ):
            state = memory[self.task]
            state.setdefault('frames', [])
            for m in range(start, end):
                frame_id = batch.frames[m].frame_id
                # Not the number itself: a data set may show only some frames.
                if frame_id >= state.get('next', frame_id):
                    chosen.append(m)
                    state['next'] = frame_id + self.stride
        if not chosen:
            return {}
        index = torch.tensor(chosen, device=feats[0].device)
        rows = feats
        if len(index) < len(feats[0]):
            rows = tuple(feat[index] for feat in feats)
        frames = [batch.frames[m] for m in chosen]
        return dict(zip(chosen, self.describe(rows, frames), strict=True))

    def _advance(
        self,
        described: dict[int, Tensor],
        span: range,
        batch: ClipBatch,
        state: dict,
    ) -> list[Tensor]:
        """Remember the frames of ``span``; return the windows they end."""
        frames = state['frames']
        windows = []
        for m in span:
            if m not in described:
                continue
            frames.append(described[m])
            del frames[: -self.window]
            state['wait'] = state.get('wait', self.window) - 1
            if state['wait'] == 0:
                windows.append(torch.stack(frames))
                state['wait'] = self.hop
        return windows
