"""Any recognition head of MMAction2 as the clip task."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.heads.base_task_head import Features
from mmvmtl.models.heads.clip_task import ClipTask
from mmvmtl.registry import MODELS

#: MMAction2's heads for a fixed number of frames, or for two pathways.
FIXED = ('TSMHead', 'TPNHead', 'TRNHead', 'SlowFastHead')


@MODELS.register_module()
class ActionHead(ClipTask):
    """A head of MMAction2 over the frames of a clip.

    Args:
        head (dict): its config, with ``_scope_='mmaction'``.
        level (int): which feature level is read.
        dims (int): 2 for heads that take any number of frames and average
            them (TSN), 3 for heads that take (B, C, T, H, W) (I3D).
        **kwargs: windows, see :class:`ClipTask`.

    Raises:
        ValueError: on other ``dims``, or a head that wants a fixed number of
            frames (TSM) or several pathways (SlowFast): a stream's first
            window has fewer frames.
    """

    def __init__(
        self, head: dict, level: int = -1, dims: int = 2, **kwargs
    ) -> None:
        if dims not in (2, 3):
            raise UserError(f'dims={dims}: use 2 for frames or 3 for clips')
        kind = head['type']
        name = kind if isinstance(kind, str) else kind.__name__
        if name.rpartition('.')[2] in FIXED:
            raise UserError(
                f'{name} does not take any number of frames of one '
                'pathway, as windows of a stream need; use TSNHead or I3DHead'
            )
        head = MODELS.build(head)
        super().__init__(head.num_classes, **kwargs)
        self.head = head
        self.level = level
        self.dims = dims

    def describe(self, feats: Features, frames: Sequence) -> Tensor:
        """The level as it is, (M, C, H, W)."""
        return feats[self.level]

    def score(self, clips: Tensor) -> Tensor:
        """Logits (B, num_classes) of (B, T, C, H, W)."""
        if self.dims == 3:
            return self.head(clips.transpose(1, 2))
        return self.head(clips.flatten(0, 1), num_segs=clips.shape[1])
