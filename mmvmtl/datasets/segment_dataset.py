"""Videos with labelled stretches of time as a data set of labelled clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mmvmtl.datasets.segment_folder import SegmentConverter
from mmvmtl.datasets.video_dataset import VideoMTLDataset
from mmvmtl.registry import DATASETS


def spread(num_frames: int, keys: int) -> list[int]:
    """At most ``keys`` positions, the middles of as many equal parts."""
    middles = (np.arange(keys) + 0.5) * num_frames / keys
    return np.unique(middles.astype(int)).tolist()


@DATASETS.register_module()
class SegmentVideoDataset(VideoMTLDataset):
    """A :class:`VideoMTLDataset` read from ``segments.csv`` in memory.

    See :mod:`mmvmtl.datasets.segment_folder` for the layout. A stretch is a
    video of its own: clips lie within it, and it is what is evaluated.

    Args:
        data_root (str): Folder of ``segments.csv`` and ``videos``.
        labels (Mapping[str, Sequence[str]]): Class names and the raw labels
            each is made of.
        drop (Sequence[str]): Raw labels that are left out.
        sequences (Sequence[str], optional): The videos. Defaults to all.
        every (int): Only frames with a multiple of this number. Defaults
            to 1.
        keys (int, optional): Key frames of each stretch in training, spread
            evenly, so that long ones do not rule. Defaults to every frame.
        **kwargs: Of :class:`VideoMTLDataset`, except ``ann_file``.

    Raises:
        UserError: Of missing files, bad lines, or unknown raw labels.
    """

    def __init__(
        self,
        data_root: str,
        labels: Mapping[str, Sequence[str]],
        drop: Sequence[str] = (),
        sequences: Sequence[str] | None = None,
        every: int = 1,
        keys: int | None = None,
        **kwargs,
    ) -> None:
        self.labels = labels
        self.drop = drop
        self.sequences = sequences
        self.every = every
        self.keys = keys
        super().__init__(data_root=data_root, **kwargs)

    def load_content(self) -> tuple[dict, str]:
        """Convert the folder."""
        converter = SegmentConverter(
            self.data_root, self.labels, self.drop, self.every
        )
        for video in self.sequences or converter.videos:
            converter.add(video)
        return converter.content, str(converter.path)

    def load_data_list(self) -> list[dict]:
        """List the clips; in training those around the key frames."""
        items = super().load_data_list()
        if self.test_mode or self.keys is None:
            return items
        return [
            {'video': video.index, 'positions': [key]}
            for video in self.videos
            for key in spread(len(video), self.keys)
        ]
