"""A folder of images with YOLO labels as a data set of one-frame clips."""

from __future__ import annotations

from collections.abc import Sequence

from mmvmtl.datasets.video_dataset import VideoMTLDataset
from mmvmtl.datasets.yolo_folder import YOLOConverter
from mmvmtl.registry import DATASETS


@DATASETS.register_module()
class YOLOImageDataset(VideoMTLDataset):
    """A :class:`VideoMTLDataset` read from a YOLO folder in memory.

    See :mod:`mmvmtl.datasets.yolo_folder` for the layout. ``metainfo``
    selects and orders classes by name, as everywhere.

    Args:
        data_root (str): Folder of ``images`` and ``labels``.
        names (Sequence[str], optional): Of the classes 0, 1, ... of the
            label files. Defaults to the 80 of COCO.
        part (tuple[int, int], optional): Half-open range of labelled images
            in the order of their names. Defaults to all.
        **kwargs: Of :class:`VideoMTLDataset`, except ``ann_file``.

    Raises:
        UserError: Of missing files or bad rows.
    """

    def __init__(
        self,
        data_root: str,
        names: Sequence[str] | None = None,
        part: tuple[int, int] | None = None,
        **kwargs,
    ) -> None:
        self.names = names or coco_names()
        self.part = part and tuple(part)
        super().__init__(data_root=data_root, **kwargs)

    def load_content(self) -> tuple[dict, str]:
        """Convert the folder."""
        converter = YOLOConverter(self.data_root, self.names)
        converter.add(self.part)
        return converter.content, self.data_root


def coco_names() -> tuple[str, ...]:
    """The 80 classes of COCO, in the order of YOLO's labels."""
    from mmdet.datasets import CocoDataset

    return CocoDataset.METAINFO['classes']
