"""The data sample of a clip: frames with boxes and ids, and clip labels."""

from __future__ import annotations

from collections.abc import Callable

import torch
from mmdet.structures import TrackDataSample
from mmengine.structures import BaseDataElement
from torch import Tensor


class VideoMTLDataSample(TrackDataSample):
    """Ground truth and predictions of one clip, for every task.

    ``TrackDataSample`` only has room for frames, and its tensor-like methods
    walk every data field as a list. This one adds fields of the clip itself.

    - ``video_data_samples`` (list[DetDataSample]): one per frame, with
      ``gt_instances`` (``bboxes`` (N, 4) xyxy pixels, ``labels``,
      ``instances_ids``, ``velocities`` (N, 2) pixels per frame with NaN where
      undefined, ``visibilities`` 0..1), ``pred_instances`` and
      ``pred_track_instances`` (``bboxes``, ``labels``, ``scores``,
      ``instances_id`` from 1, ``embeddings``, ``velocities``).
    - ``gt_label``, ``pred_label`` (Tensor): clip labels, shape (1,), and
      ``pred_score``, shape (C,), as in MMAction2's ``ActionDataSample``.
    - ``labelled`` (tuple[str], metainfo): tasks whose labels exist here.
    """

    def _set_label(self, name: str, value: int | Tensor) -> None:
        label = torch.as_tensor(value, dtype=torch.long).reshape(-1)
        self.set_field(label, name, dtype=Tensor)

    def set_gt_label(self, value: int | Tensor) -> VideoMTLDataSample:
        """Set the clip's ground-truth label, an index from 0."""
        self._set_label('gt_label', value)
        return self

    def set_pred_label(self, value: int | Tensor) -> VideoMTLDataSample:
        """Set the clip's predicted label, an index from 0."""
        self._set_label('pred_label', value)
        return self

    def set_pred_score(self, value: Tensor) -> VideoMTLDataSample:
        """Set the clip's class probabilities, shape (C,)."""
        self.set_field(value, 'pred_score', dtype=Tensor)
        return self

    def _map(self, move: Callable) -> VideoMTLDataSample:
        new = self.new()
        for key, value in self.items():
            if isinstance(value, list):
                value = [move(item) for item in value]
            elif isinstance(value, (Tensor, BaseDataElement)):
                value = move(value)
            new.set_data({key: value})
        return new

    def to(self, *args, **kwargs) -> VideoMTLDataSample:
        """Move every tensor, as ``Tensor.to`` does."""
        return self._map(lambda x: x.to(*args, **kwargs))

    def cpu(self) -> VideoMTLDataSample:
        """Move every tensor to the CPU."""
        return self._map(lambda x: x.cpu())

    def cuda(self) -> VideoMTLDataSample:
        """Move every tensor to the current CUDA device."""
        return self._map(lambda x: x.cuda())

    def detach(self) -> VideoMTLDataSample:
        """Detach every tensor from the graph."""
        return self._map(lambda x: x.detach())

    def numpy(self) -> VideoMTLDataSample:
        """Turn every tensor into a NumPy array."""
        return self._map(lambda x: x.numpy())

    def clone(self) -> VideoMTLDataSample:
        """Copy every tensor."""
        return self._map(lambda x: x.clone())
