"""The measurements of ``tools/benchmark.py``, by name.

Each takes the command line, the config and weights, and returns metrics, and
rows with the numbers behind them.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import numpy as np
import torch
from benchmarks.memory import peak_memory
from benchmarks.networks import clip_windows
from benchmarks.scene import Scene
from benchmarks.sides import SIDES
from benchmarks.timing import FrameBlock, Times, in_turn, spread
from benchmarks.training import training_batch, training_steps
from mmengine.config import Config

from mmvmtl.errors import UserError


class Measured(NamedTuple):
    """Metrics by name, and rows by name, each numbers by name."""

    metrics: dict[str, float]
    rows: dict[str, dict[str, float]]


#: The number of objects that names without a number speak of, about that of
#: the synthetic world.
USUAL = 8


def frames(
    args: argparse.Namespace, cfg: Config, weights: dict | None
) -> Measured:
    """Time per frame of every side, for every number of objects."""
    metrics: dict[str, float] = {}
    rows: dict[str, dict[str, float]] = {}
    for number in args.objects:
        times, length = time_frames(args, cfg, weights, number)
        for name, seconds in times.items():
            ms = spread(1e3 * seconds / length)
            fps = 1e3 / ms['median']
            rows[f'{name}_{number}'] = {'fps': fps} | _named('ms', ms)
            metrics[f'fps_{name}_{number}'] = fps
        for name, ratio in frame_ratios(times).items():
            rows[f'{name}_{number}'] = spread(ratio)
            metrics[f'{name}_{number}'] = float(np.median(ratio))
    for name in ('time_all_tasks_over_detector', 'time_ours_over_mmdet'):
        metrics[name] = max(metrics[f'{name}_{n}'] for n in args.objects)
    usual = USUAL if USUAL in args.objects else args.objects[0]
    over = 'fps_ours_over_three_networks'
    for name in (over, f'{over}_folded', *map('fps_{}'.format, SIDES)):
        metrics[name] = metrics[f'{name}_{usual}']
    return Measured(metrics, rows)


def frame_ratios(times: Times) -> dict[str, np.ndarray]:
    """Paired ratios (R,) out of the seconds of the sides."""
    ours = times['ours']
    return {
        'time_all_tasks_over_detector': ours / times['ours_detection_only'],
        'time_ours_over_mmdet': ours / times['mmdet_detector'],
        'fps_ours_over_three_networks': times['three_networks'] / ours,
        'fps_ours_over_three_networks_folded': (
            times['three_networks_folded'] / ours
        ),
    }


def time_frames(
    args: argparse.Namespace,
    cfg: Config,
    weights: dict | None,
    number: int,
) -> tuple[Times, int]:
    """Seconds (R,) a block of every side, and the frames of a block.

    Raises:
        UserError: A side finds or follows another number of objects.
    """
    size = tuple(cfg.model.data_preprocessor.input_size)
    window, stride, hop = clip_windows(cfg.model)
    length = args.blocks * stride * hop
    blocks = {}
    for name, build in SIDES.items():
        scene = Scene(number, size, args.device)
        side = build(cfg.model, scene, weights=weights)
        blocks[name] = FrameBlock(side, length, args.device)
    # Until every side has classified a window and knows its tracks.
    for _ in range(-(-window * stride // length)):
        in_turn(blocks, 1)
    times = in_turn(blocks, args.repeats)
    for name, block in blocks.items():
        if set(block.found) - {number, None}:
            raise UserError(
                f'{name} found and followed {block.found} of {number} '
                'objects, so times would not compare; use a config whose '
                'tracker and thresholds keep sure detections.'
            )
    return times, length


def memory(
    args: argparse.Namespace, cfg: Config, weights: dict | None
) -> Measured:
    """Peak memory of every side, each in a process of its own."""
    metrics, rows = {}, {}
    size = tuple(cfg.model.data_preprocessor.input_size)
    window, stride, _ = clip_windows(cfg.model)
    settings = dict(
        number=USUAL,
        frames=window * stride,
        device=args.device,
        threads=args.threads,
    )
    for name in SIDES:
        row = peak_memory(name, cfg.model, size, settings)
        rows[f'memory_{name}'] = row
        metrics[f'memory_mb_{name}'] = row['memory_mb']
    return Measured(metrics, rows)


def training(
    args: argparse.Namespace, cfg: Config, weights: dict | None
) -> Measured:
    """Time of a training step, against the sum of three."""
    steps = training_steps(cfg, training_batch(cfg), args.device)
    in_turn(steps, 1)
    times = in_turn(steps, args.repeats)
    rows = {
        f'train_step_{name}': _named('ms', spread(1e3 * seconds))
        for name, seconds in times.items()
    }
    others = sum(times[name] for name in times if name != 'ours')
    ratio = times['ours'] / others
    rows['train_step_ours_over_three'] = spread(ratio)
    metrics = {'train_step_ours_over_three': float(np.median(ratio))}
    for name, seconds in times.items():
        metrics[f'train_step_ms_{name}'] = 1e3 * float(np.median(seconds))
    return Measured(metrics, rows)


def association(
    args: argparse.Namespace, cfg: Config, weights: dict | None
) -> Measured:
    """The tracker alone; see ``tools/bench_association.py``."""
    import bench_association

    threads = torch.get_num_threads()
    report = bench_association.main(['--repeats', str(min(args.repeats, 5))])
    torch.set_num_threads(threads)
    metrics, rows = {}, {}
    for name, value in report.items():
        if isinstance(value, dict):
            low, high = value['spread']
            rows[f'association_{name}'] = {
                'min': low,
                'median': value['ratio'],
                'max': high,
                **{f'ms_{side}': ms for side, ms in value['ms'].items()},
                **{f'HOTA_{side}': h for side, h in value['hota'].items()},
            }
        else:
            metrics[name] = value
    return Measured(metrics, rows)


def _named(unit: str, numbers: dict[str, float]) -> dict[str, float]:
    return {f'{unit}_{key}': value for key, value in numbers.items()}


#: Name on the command line to measurement.
PARTS = {
    'frames': frames,
    'memory': memory,
    'training': training,
    'association': association,
}
