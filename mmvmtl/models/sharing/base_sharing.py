"""The contract of a sharing scheme: what stands between cut and heads."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Iterator, Sequence

import torch
from mmengine.model import BaseModule, ModuleList
from torch import Tensor

from mmvmtl.errors import UserError

Features = tuple[Tensor, ...]


class BaseSharing(BaseModule, metaclass=ABCMeta):
    """Give each task its own features, made from those that all share.

    Views of the tasks hold the same values, but may be tensors of their own:
    then :class:`TaskBranch` wants each task's gradient apart. So while
    gradients flow every distinct view goes through the scheme by itself and
    its gradient is exactly that of its task; without gradients, or where the
    views are one tensor, once for all. Parameters of the scheme get the
    plain sum of the tasks' gradients, as heads do.

    A scheme fills ``levels`` with one module a feature level, which maps
    (M, C, H, W) and the asked tasks to {task: (M, C, H, W)}.

    Args:
        tasks (Sequence[str]): the tasks that get features of their own. The
            detector gives those of all heads; a config may name fewer, and
            the others see the neck's features as they are.
        in_channels (Sequence[int]): C of each of the L feature levels.
        init_cfg (dict, optional): initialisation of MMEngine.

    Raises:
        ValueError: if there is no task or no level.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        in_channels: Sequence[int],
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if not tasks or not in_channels:
            raise UserError(
                f'{type(self).__name__} needs at least one task and one '
                f'level, not tasks={tuple(tasks)} and '
                f'in_channels={tuple(in_channels)}'
            )
        self.tasks = tuple(tasks)
        self.in_channels = tuple(in_channels)
        self.levels = ModuleList()

    def forward(self, views: dict[str, Features]) -> dict[str, Features]:
        """Map each task's view to its own features, of the same shapes.

        Args:
            views (dict[str, Features]): by asked task L levels
                (M, C, H, W) of equal values.

        Raises:
            ValueError: if the levels are not those of ``in_channels``.
        """
        mine = {task: views[task] for task in views if task in self.tasks}
        out = dict(views)
        for feats, tasks in _alike(mine):
            self._check(feats)
            out.update(self.share(feats, tasks))
        return out

    def share(
        self, feats: Features, tasks: Sequence[str]
    ) -> dict[str, Features]:
        """The scheme itself: L levels in, L levels for each of ``tasks``."""
        by_level = [
            level(feat, tasks)
            for level, feat in zip(self.levels, feats, strict=True)
        ]
        return {
            task: tuple(level[task] for level in by_level) for task in tasks
        }

    def _check(self, feats: Features) -> None:
        found = tuple(feat.shape[1] for feat in feats)
        if found != self.in_channels:
            raise UserError(
                f'{type(self).__name__} is built for levels of '
                f'{self.in_channels} channels and got {found}: set '
                f'sharing.in_channels={found}'
            )


def _alike(
    views: dict[str, Features],
) -> Iterator[tuple[Features, tuple[str, ...]]]:
    """Each distinct view, with the tasks that look through it."""
    groups: dict[tuple, list[str]] = {}
    for task, feats in views.items():
        apart = torch.is_grad_enabled()
        key = tuple(map(id, feats)) if apart else ()
        groups.setdefault(key, []).append(task)
    for tasks in groups.values():
        yield views[tasks[0]], tuple(tasks)
