"""The data sets behind MMEngine's wrappers."""

from __future__ import annotations

from collections.abc import Iterator

from mmengine.dataset import (
    ClassBalancedDataset,
    ConcatDataset,
    RepeatDataset,
)


def data_parts(dataset: object) -> Iterator[object]:
    """Walk through MMEngine's wrappers to what they wrap."""
    if isinstance(dataset, ConcatDataset):
        for part in dataset.datasets:
            yield from data_parts(part)
    elif isinstance(dataset, (RepeatDataset, ClassBalancedDataset)):
        yield from data_parts(dataset.dataset)
    else:
        yield dataset
