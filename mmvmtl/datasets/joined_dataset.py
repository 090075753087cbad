"""Several data sets as one, each labelling some tasks and some classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmengine.dataset import BaseDataset, Compose, ConcatDataset

from mmvmtl.errors import UserError
from mmvmtl.registry import DATASETS


class ToUnion:
    """First transform of a data set: its clip dicts become the union's.

    Args:
        name (str): Of the data set; prefixes its video ids, which are unique
            in their own data set only.
        own (Sequence[str]): Classes of the data set; index = its label.
        union (Sequence[str]): All classes; index = the label given.
    """

    def __init__(
        self, name: str, own: Sequence[str], union: Sequence[str]
    ) -> None:
        self.name = name
        self.union = tuple(union)
        self.table = np.array([self.union.index(c) for c in own], np.int64)

    def __call__(self, clip: dict) -> dict:
        """Map labels; say which classes were looked for, and where."""
        video_id = f'{self.name}/{clip["video_id"]}'
        clip.update(dataset=self.name, classes=self.union, video_id=video_id)
        for frame in clip['frames']:
            labels = self.table[frame['gt_bboxes_labels']]
            frame.update(
                gt_bboxes_labels=labels,
                video_id=video_id,
                labelled_classes=tuple(self.table.tolist()),
            )
        return clip


@DATASETS.register_module()
class JoinedDataset(ConcatDataset):
    """Data sets by name, over the union of their object classes.

    A class is known by its name: two data sets that name it alike share it.
    Every frame carries ``labelled_classes``, the labels its data set looks
    for, so that a detection head takes none of the others for background;
    every clip carries ``dataset``, by which the metrics and
    ``mmvmtl.MixedBatchSampler`` know it. The metainfo has ``classes`` (in
    order of appearance), the ``tasks`` of all, and ``datasets`` (the names).

    Args:
        datasets (dict[str, dict | None]): Config of each data set by name;
            None takes out one that a base config has.

    Raises:
        ValueError: If nothing is joined, a part is no ``BaseDataset``, or two
            have different classes for one task of labels.
    """

    def __init__(self, datasets: dict[str, dict | None]) -> None:
        parts = {
            name: part if isinstance(part, BaseDataset) else _build(name, part)
            for name, part in datasets.items()
            if part is not None
        }
        if not parts:
            raise UserError('JoinedDataset joins nothing: name a data set.')
        for part in parts.values():
            part.full_init()
        metas = {name: part.metainfo for name, part in parts.items()}
        every = {key for meta in metas.values() for key in meta}
        super().__init__(list(parts.values()), ignore_keys=sorted(every))
        for name, meta in metas.items():
            if meta.get('classes') is None:
                raise UserError(
                    f"data set '{name}' of mmvmtl.JoinedDataset names no "
                    'classes; give it metainfo=dict(classes=(...)).'
                )
        classes = dict.fromkeys(
            c for meta in metas.values() for c in meta['classes']
        )
        self.names = tuple(parts)
        self._metainfo = dict(
            classes=tuple(classes),
            tasks=_joined_tasks(metas),
            datasets=self.names,
        )
        for name, part in parts.items():
            union = ToUnion(name, metas[name]['classes'], classes)
            part.pipeline = Compose([union, *part.pipeline.transforms])


def _build(name: str, cfg: dict) -> BaseDataset:
    part = DATASETS.build(cfg)
    if not isinstance(part, BaseDataset):
        raise UserError(
            f"data set '{name}' of JoinedDataset is a {type(part).__name__}, "
            'which has no labels of its own: join the data set inside it, '
            'and repeat or weigh it by the ratio of mmvmtl.MixedBatchSampler.'
        )
    return part


def _joined_tasks(metas: dict[str, dict]) -> dict[str, tuple[str, ...]]:
    tasks: dict[str, tuple[str, ...]] = {}
    owner = {}
    for name, meta in metas.items():
        for task, names in (meta.get('tasks') or {}).items():
            if tasks.setdefault(task, tuple(names)) != tuple(names):
                raise UserError(
                    f"task '{task}' has the classes {tasks[task]} in data set "
                    f"'{owner[task]}' and {tuple(names)} in '{name}': give "
                    'both the same metainfo.tasks.'
                )
            owner.setdefault(task, name)
    return tasks
