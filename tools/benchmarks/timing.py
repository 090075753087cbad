"""Time sides against each other: in turn, block by block, in one process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch

Times = dict[str, np.ndarray]


def now(device: str) -> float:
    """Seconds, after the device has done what it was asked for."""
    if torch.device(device).type == 'cuda':
        torch.cuda.synchronize(device)
    return time.perf_counter()


def in_turn(blocks: Mapping[str, Callable[[], float]], repeats: int) -> Times:
    """Call every block ``repeats`` times, in turn.

    Every other round goes backwards, so that no side always runs after the
    same one.

    Args:
        blocks (dict): side to a function that runs a block and gives its
            seconds.
        repeats (int): R.

    Returns:
        dict: side to seconds (R,).
    """
    times: dict[str, list[float]] = {name: [] for name in blocks}
    for number in range(repeats):
        order: Sequence[str] = list(blocks)
        for name in order if number % 2 == 0 else order[::-1]:
            times[name].append(blocks[name]())
    return {name: np.array(values) for name, values in times.items()}


def spread(values: np.ndarray) -> dict[str, float]:
    """Least, median and largest of paired numbers (R,)."""
    return {
        'min': float(values.min()),
        'median': float(np.median(values)),
        'max': float(values.max()),
    }


class FrameBlock:
    """Frames of one side, as a block of :func:`in_turn`.

    Args:
        side (object): see ``sides.py``.
        frames (int): frames a block.
        device (str): to wait for.
    """

    def __init__(self, side: object, frames: int, device: str) -> None:
        self.side = side
        self.frames = frames
        self.device = device
        self.t = 0
        self.found: tuple = ()

    def __call__(self) -> float:
        """Seconds of the next frames, their preparation not counted."""
        seconds = 0.0
        for _ in range(self.frames):
            data = self.side.prepare(self.t)
            start = now(self.device)
            self.found = self.side.run(data)
            seconds += now(self.device) - start
            self.t += 1
        return seconds
