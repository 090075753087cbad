"""Classes that a frame's data set does not label teach nothing there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from mmdet.structures import DetDataSample
from torch import Tensor, nn

from mmvmtl.errors import UserError

#: A sigmoid of it is 0 in every number format, and so is its loss.
HIDDEN = -1e4
#: Metainfo of a frame: the labels that were looked for in it.
CLASSES = 'labelled_classes'


def labelled_classes(
    frames: Sequence[DetDataSample], num_classes: int
) -> Tensor | None:
    """Which classes were looked for in each of M frames.

    A frame says so in its metainfo ``labelled_classes``, labels from 0;
    without it all were.

    Returns:
        Tensor | None: (M, num_classes) bool; None if it is all of them.
    """
    known = torch.ones(len(frames), num_classes, dtype=torch.bool)
    for row, frame in zip(known, frames):
        labelled = frame.get(CLASSES)
        if labelled is not None:
            row[:] = False
            row[list(labelled)] = True
    return None if known.all() else known


def hide(scores: Tensor, known: Tensor) -> Tensor:
    """Replace the logits of classes that are not labelled.

    Args:
        scores (Tensor): (M, A * C, H, W), class by class for each anchor.
        known (Tensor): (M, C) bool.
    """
    anchors = scores.shape[1] // known.shape[1]
    known = known.repeat(1, anchors)[..., None, None].to(scores.device)
    return scores.where(known, scores.new_tensor(HIDDEN))


def refuse_to_hide(head: nn.Module) -> str | None:
    """Why the logits of single classes of an MMDet head can not be hidden."""
    from mmdet.models.dense_heads import (
        AnchorFreeHead,
        AnchorHead,
        AutoAssignHead,
        TOODHead,
    )

    apart = isinstance(head, (AnchorHead, AnchorFreeHead)) and not isinstance(
        head, (AutoAssignHead, TOODHead)
    )
    if apart and head.cls_out_channels == head.num_classes:
        return None
    return (
        f'{type(head).__name__} does not score each class by a sigmoid of '
        'its own, so an object of a class that a data set does not label '
        'would be taught as background; use a head such as RTMDetHead, '
        'FCOSHead, RetinaHead, ATSSHead or GFLHead, or data sets that label '
        'the same classes.'
    )


@contextmanager
def labelled_only(
    head: nn.Module, frames: Sequence[DetDataSample], num_classes: int
) -> Iterator[None]:
    """While it lasts, ``head`` gives no logits of unlabelled classes.

    The constant that stands for them has loss 0 and no gradient under any
    loss of sigmoids; the head's own assigner and loss stay as they are, and
    so does what they are normalised by.

    Raises:
        ValueError: If the head can not do without single classes.
    """
    known = labelled_classes(frames, num_classes)
    if known is None:
        yield
        return
    reason = refuse_to_hide(head)
    if reason is not None:
        raise UserError(reason)

    def hook(_: nn.Module, __: tuple, outputs: tuple) -> tuple:
        scores, *rest = outputs
        return ([hide(level, known) for level in scores], *rest)

    handle = head.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()
