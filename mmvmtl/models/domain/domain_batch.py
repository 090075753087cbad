"""What a part that compares domains sees of a batch of frames."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from mmdet.structures import DetDataSample
from torch import Tensor

from mmvmtl.errors import UserError


@dataclass
class DomainBatch:
    """M frames of any domains, and their features.

    Attributes:
        stages (dict[str, tuple[Tensor, ...]]): by 'backbone' and 'neck' the
            levels (M, C, H, W).
        frames (list[DetDataSample]): the M frames.
        domains (list[str | None]): the domain of each.
        weights (list[float]): how much each counts, 1 as a rule.
        find_boxes (Callable): from ``'truth'`` or ``'predicted'`` to the M
            frames' boxes (N_m, 4), xyxy pixels of the network's input.
    """

    stages: dict[str, tuple[Tensor, ...]]
    frames: list[DetDataSample]
    domains: list[str | None]
    weights: list[float]
    find_boxes: Callable[[str], list[Tensor]]

    def level(self, stage: str, level: int) -> Tensor:
        """One map (M, C, H, W).

        Raises:
            UserError: if the model has no such stage or level.
        """
        maps = self.stages.get(stage)
        if maps is None or not -len(maps) <= level < len(maps):
            have = ', '.join(f'{k} {len(v)}' for k, v in self.stages.items())
            raise UserError(
                f"the model has no level {level} of stage '{stage}': it has "
                f'so many levels: {have}'
            )
        return maps[level]

    def check_strides(self, strides: Sequence[int]) -> None:
        """Compare ``strides``, at which boxes are read, with the neck's maps.

        Raises:
            UserError: if there are more or fewer, or a map is of another.
        """
        maps = self.stages['neck']
        size = self.frames[0].get('batch_input_shape')
        fits = len(maps) == len(strides)
        if fits and size:
            # A map is rounded up or down.
            fits = all(
                abs(feat.shape[2] - size[0] / stride) < 1
                for feat, stride in zip(maps, strides)
            )
        if not fits:
            heights = ', '.join(str(feat.shape[2]) for feat in maps)
            raise UserError(
                f"the adversary's instance level has strides={strides}, but "
                f"the neck's maps are {heights} cells high"
                + (f', of frames of {size[0]} pixels' if size else '')
                + '; set instance=dict(strides=...) to their pixels per cell'
            )

    def labels(self, names: Sequence[str]) -> Tensor:
        """Index of each frame's domain among ``names``, (M,).

        Raises:
            UserError: if a frame has no domain, or another one.
        """
        for name in set(self.domains) - set(names):
            if name is None:
                raise UserError(
                    'a training clip has no domain: add it to the videos of '
                    "the data file, or mmvmtl.SetDomain to the data set's "
                    'pipeline'
                )
            near = difflib.get_close_matches(name, names, 1, 0)[0]
            raise UserError(
                f"a training clip is of the domain '{name}', the model knows "
                f"{', '.join(names)}: add it to the model's domains, or "
                f"correct it to '{near}'"
            )
        device = next(iter(self.stages.values()))[0].device
        index = [list(names).index(name) for name in self.domains]
        return torch.tensor(index, device=device)

    def inside(self, feat: Tensor) -> Tensor:
        """1 for cells (M, h, w) with their centre in the picture, else 0.

        Padding would tell a domain whose frames have another size.
        """
        height, width = feat.shape[2:]
        mask = feat.new_zeros(len(feat), height, width)
        for row, frame in zip(mask, self.frames, strict=True):
            size = frame.get('img_shape')
            padded = frame.get('batch_input_shape') or size
            rows = round(height * size[0] / padded[0]) if size else height
            columns = round(width * size[1] / padded[1]) if size else width
            row[: max(1, rows), : max(1, columns)] = 1
        return mask


def mean_inside(values: Tensor, inside: Tensor) -> Tensor:
    """Mean of ``values`` (M, ..., h, w) over the cells ``inside`` (M, h, w).

    Returns:
        Tensor: (M, ...).
    """
    shape = [len(inside), *[1] * (values.ndim - 3), *inside.shape[1:]]
    mask = inside.view(shape).to(values)
    return (values * mask).sum(dim=(-2, -1)) / mask.sum(dim=(-2, -1))
