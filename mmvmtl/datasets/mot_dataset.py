"""MOT challenge folders as a data set, without a conversion step."""

from __future__ import annotations

from collections.abc import Sequence

from mmvmtl.datasets.mot_folder import MOTConverter
from mmvmtl.datasets.video_dataset import VideoMTLDataset
from mmvmtl.errors import UserError
from mmvmtl.registry import DATASETS


@DATASETS.register_module()
class MOTVideoDataset(VideoMTLDataset):
    """A :class:`VideoMTLDataset` read from MOT folders in memory.

    See :mod:`mmvmtl.datasets.mot_files` for the layout, ``mot_folder`` for
    how velocities are made. ``metainfo['classes']`` names the classes
    1, 2, ... of ``gt.txt``.

    Args:
        data_root (str): Folder of the sequences.
        sequences (Sequence[str]): Folders below it; ``'.'`` is itself.
        frames (Sequence[int], optional): First and last frame of every
            sequence, counted from 1, both included, and the step from one
            to the next. Frames between do not exist then: neither their
            pictures nor their boxes are used. Defaults to all.
        **kwargs: Of :class:`VideoMTLDataset`, except ``ann_file``.

    Raises:
        UserError: Of missing class names, files, or bad rows.
    """

    def __init__(
        self,
        data_root: str,
        sequences: Sequence[str] = ('.',),
        frames: Sequence[int] | None = None,
        **kwargs,
    ) -> None:
        self.sequences = list(sequences)
        self.frames = frames and tuple(frames)
        super().__init__(data_root=data_root, **kwargs)

    def load_content(self) -> tuple[dict, str]:
        """Convert the folders."""
        if 'classes' not in self._metainfo:
            raise UserError(
                "MOTVideoDataset needs metainfo=dict(classes=('name', ...)), "
                'the names of the classes 1, 2, ... of gt.txt.'
            )
        converter = MOTConverter(self.data_root, self._metainfo['classes'])
        for sequence in self.sequences:
            converter.add(sequence, self.frames)
        return converter.content, self.data_root
