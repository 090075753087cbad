"""What a task head sees beside features: the frames of a batch of clips."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from mmdet.structures import DetDataSample
from torch import Tensor

from mmvmtl.structures import VideoMTLDataSample

Memory = dict[str, dict]


def _fresh_memory() -> Memory:
    return defaultdict(dict)


@dataclass
class ClipBatch:
    """Clips of any length whose M frames lie behind one another.

    Attributes:
        samples (list[VideoMTLDataSample]): one per clip.
        memory (list[dict[str, dict]]): per clip what each task's head
            remembers of the stream the clip belongs to; empty in training.
            Two clips of one stream share one dict and are visited in order.
    """

    samples: list[VideoMTLDataSample]
    memory: list[Memory] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.memory:
            self.memory = [_fresh_memory() for _ in self.samples]
        self.lengths = [len(sample) for sample in self.samples]
        self.frames: list[DetDataSample] = [
            frame
            for sample in self.samples
            for frame in sample.video_data_samples
        ]

    def spans(self) -> Iterator[tuple[int, int]]:
        """First and one-past-last frame of each clip."""
        start = 0
        for length in self.lengths:
            yield start, start + length
            start += length

    def videos(self) -> list[int]:
        """Per clip a number that clips of one video share.

        Videos with one name and id, of data sets that a joined one does not
        name, share it as well: what may be one is not taken for two. So do
        parts of one ``recording``.
        """
        numbers: dict[tuple, int] = {}
        keys = []
        for sample in self.samples:
            whole = sample.get('recording')
            names = ('dataset', 'video_name', 'video_id')
            own = tuple(sample.get(name) for name in names)
            keys.append(own if whole is None else (own[0], whole))
        return [numbers.setdefault(key, len(numbers)) for key in keys]

    def labelled(self, task: str) -> list[bool]:
        """Per clip whether ``task`` is labelled there."""
        return [task in sample.labelled for sample in self.samples]

    def labelled_frames(self, task: str) -> Tensor:
        """Indices of the frames whose clip has labels for ``task``, (F,)."""
        flags = torch.tensor(self.labelled(task), dtype=torch.bool)
        lengths = torch.tensor(self.lengths)
        return flags.repeat_interleave(lengths).nonzero().flatten()


def select_frames(feats: tuple[Tensor, ...], index: Tensor) -> tuple:
    """Rows ``index`` of every level; the features themselves if all."""
    if len(index) == len(feats[0]):
        return feats
    index = index.to(feats[0].device)
    return tuple(feat[index] for feat in feats)
