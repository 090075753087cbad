"""Forget objects of unwanted classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from mmvmtl.datasets.transforms.clip_transform import keep_boxes
from mmvmtl.errors import UserError
from mmvmtl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class KeepClasses(BaseTransform):
    """Keep the objects of some classes, labelled in their order.

    The others become background. The data set's ``metainfo`` should name
    the same classes.

    Args:
        classes (Sequence[str]): names of those that stay.
        of (Sequence[str], optional): names of all labels of the data; the
            clip's ``classes`` if None.

    Raises:
        UserError: If the data have no such class.
    """

    def __init__(
        self, classes: Sequence[str], of: Sequence[str] | None = None
    ) -> None:
        self.classes = tuple(classes)
        self.of = of

    def transform(self, results: dict) -> dict:
        """Filter and relabel the boxes of the clip dict."""
        have = list(results['classes'] if self.of is None else self.of)
        new = np.full(len(have), -1)
        for label, name in enumerate(self.classes):
            if name not in have:
                raise UserError(
                    f'mmvmtl.KeepClasses wants {name!r}, the data have '
                    f'{tuple(have)}; correct its classes.'
                )
            new[have.index(name)] = label
        for frame in results['frames']:
            frame['gt_bboxes_labels'] = new[frame['gt_bboxes_labels']]
            keep_boxes(frame, frame['gt_bboxes_labels'] >= 0)
        results['classes'] = self.classes
        return results
