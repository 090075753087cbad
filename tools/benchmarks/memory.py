"""Peak memory of one side, in a process of its own."""

from __future__ import annotations

import multiprocessing
import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch
from benchmarks.networks import be_quiet
from benchmarks.scene import Scene
from benchmarks.sides import SIDES
from benchmarks.timing import FrameBlock
from mmengine.config import ConfigDict

STATUS = Path('/proc/self/status')
MEGA = 2**20


def peak_memory(
    side: str, model: ConfigDict, size: tuple[int, int], settings: dict
) -> dict[str, float]:
    """Peak memory in MiB of ``settings['frames']`` frames.

    Args:
        side (str): a name of ``SIDES``.
        model (ConfigDict): config of the model.
        size (tuple[int, int]): (h, w) of a frame.
        settings (dict): ``number`` of objects, ``frames``, ``device``,
            ``threads``.

    Returns:
        dict: on a GPU ``memory_mb``, what tensors took there; on the CPU
        ``process_mb``, the largest resident set, libraries included, and
        ``memory_mb``, what building and running the side added to it.
    """
    context = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        model = model.to_dict()
        return pool.submit(_measure, side, model, size, settings).result()


def _measure(side: str, model: dict, size: tuple, settings: dict) -> dict:
    be_quiet()
    torch.set_num_threads(settings['threads'])
    device, frames = settings['device'], settings['frames']
    if side == 'three_networks':
        import mmaction.models  # noqa: F401
    before = _resident_peak()
    scene = Scene(settings['number'], size, device)
    block = FrameBlock(SIDES[side](ConfigDict(model), scene), frames, device)
    block()
    if torch.device(device).type == 'cuda':
        peak = torch.cuda.max_memory_allocated(device)
        return {'memory_mb': peak / MEGA}
    peak = _resident_peak()
    return {'memory_mb': peak - before, 'process_mb': peak}


def _resident_peak() -> float:
    """MiB.

    Linux keeps VmHWM for this very program; ``getrusage`` would also show
    the size of the process that started it.
    """
    if STATUS.exists():
        lines = STATUS.read_text().splitlines()
        [line] = [line for line in lines if line.startswith('VmHWM')]
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (MEGA if sys.platform == 'darwin' else 1024)
