"""A scene in which a detector finds exactly so many objects.

An untrained network finds nothing, and a trained one never the number that
is asked for. So the dense head runs as ever, then its maps are exchanged for
scripted ones: moving boxes with sure scores, each also claimed by its
neighbouring cells, as trained heads do. Everything after the head does its
ordinary work, on every side of the comparison the same.
"""

from __future__ import annotations

import math

import torch
from mmdet.models.dense_heads import RTMDetHead
from torch import Tensor, nn

from mmvmtl.errors import UserError

#: Frames until the objects are back where they began.
PERIOD = 24
SURE, UNSURE, NOTHING = 0.9, 0.4, 1e-4


def moving_boxes(number: int, size: tuple[int, int], seed: int = 0) -> Tensor:
    """Boxes on the cells of a grid, each going round on a small circle.

    Args:
        number (int): N, at most what fits apart: cells of 32 px.
        size (tuple[int, int]): (h, w) of a frame, pixels.
        seed (int): of sides and phases.

    Returns:
        Tensor: (PERIOD, N, 4) xyxy pixels, sides of 16-36 px.
    """
    height, width = size
    columns = math.ceil(math.sqrt(number * width / height))
    rows = math.ceil(number / columns)
    if min(width / columns, height / rows) < 32:
        raise UserError(
            f'{number} objects do not fit apart on {width}x{height} pixels; '
            'ask for fewer.'
        )
    generator = torch.Generator().manual_seed(seed)
    index = torch.arange(number)
    cell = torch.stack([index % columns, index // columns], dim=1) + 0.5
    home = cell * torch.tensor([width / columns, height / rows])
    half = torch.rand(number, 2, generator=generator) * 10 + 8
    turn = torch.arange(PERIOD)[:, None] / PERIOD
    angle = 2 * math.pi * (turn + torch.rand(number, generator=generator))
    centre = home + 4 * torch.stack([angle.cos(), angle.sin()], dim=-1)
    return torch.cat([centre - half, centre + half], dim=-1)


def scripted_maps(
    head: RTMDetHead, boxes: Tensor, size: tuple[int, int]
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Maps of scores and distances out of which come ``boxes`` (N, 4).

    Returns:
        tuple: per level logits (1, classes, H, W) and distances to the four
        sides (1, 4, H, W), as the head's forward gives them.
    """
    generator = head.prior_generator
    sizes = [
        (math.ceil(size[0] / s[1]), math.ceil(size[1] / s[0]))
        for s in generator.strides
    ]
    scores = [
        torch.full((1, head.num_classes, *s), NOTHING).logit() for s in sizes
    ]
    distances = [torch.ones(1, 4, *s) for s in sizes]
    points = generator.grid_priors(sizes, device='cpu')[0]
    points = points[:, :2].view(*sizes[0], 2)
    reach = 1.5 * generator.strides[0][0]
    for i, box in enumerate(boxes):
        away = points - (box[:2] + box[2:]) / 2
        claimed = (away.abs() < reach).all(dim=-1)
        label = i % head.num_classes
        scores[0][0, label, claimed] = math.log(UNSURE / (1 - UNSURE))
        nearest = away.square().sum(dim=-1).argmin()
        best = scores[0][0, label].view(-1)
        best[nearest] = math.log(SURE / (1 - SURE))
        there = points[claimed]
        distances[0][0, :, claimed] = torch.cat(
            [there - box[:2], box[2:] - there], dim=1
        ).T
    return tuple(scores), tuple(distances)


class Scene:
    """Frames of noise, and what is found in them.

    Args:
        number (int): objects a frame.
        size (tuple[int, int]): (h, w) of a frame, pixels.
        device (str): where the scripted maps lie.

    Attributes:
        frames (Tensor): (PERIOD, 3, h, w) uint8, on the CPU as a data loader
            leaves them.
        now (int): the frame that hooked heads find.
    """

    def __init__(
        self, number: int, size: tuple[int, int], device: str = 'cpu'
    ) -> None:
        self.number = number
        self.size = tuple(size)
        self.device = device
        self.boxes = moving_boxes(number, size)
        generator = torch.Generator().manual_seed(0)
        self.frames = torch.randint(
            256, (PERIOD, 3, *size), generator=generator, dtype=torch.uint8
        )
        self.now = 0

    def direct(self, head: nn.Module) -> None:
        """Let ``head`` find the boxes of frame :attr:`now`.

        Raises:
            UserError: The head is none of RTMDet's.
        """
        if not isinstance(head, RTMDetHead):
            raise UserError(
                f'the detection head is a {type(head).__name__}, but only '
                "maps of RTMDet's are scripted; give an RTMDet config."
            )
        maps = [
            tuple(
                tuple(level.to(self.device) for level in levels)
                for levels in scripted_maps(head, boxes, self.size)
            )
            for boxes in self.boxes
        ]
        head.register_forward_hook(lambda *_: maps[self.now % PERIOD])
