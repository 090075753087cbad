"""Time a training step of every way to combine tasks, against the sum.

    python tools/bench_mtl.py --only FAMO sum+UPGrad

A method is named as in tools/analysis/negative_transfer.py, which takes what
this writes with ``--out``.
All sides train on one batch in one process, each in turn with the sum,
``interval`` steps a block; every ratio is the median over the pairs of blocks,
printed with its least and largest.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence

import numpy as np
import torch
from benchmark import table
from benchmarks.balancing import PLAIN, balancing_steps
from benchmarks.networks import be_quiet
from benchmarks.timing import in_turn, spread
from benchmarks.training import training_batch
from mmengine.config import DictAction

from mmvmtl.apis import cli
from mmvmtl.apis.result_file import make_result, write_result
from mmvmtl.devices import find_device
from mmvmtl.errors import UserError

CONFIG = 'configs/synthetic/video_mtl_rtmdet_tiny.py'


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--config', default=CONFIG)
    parser.add_argument(
        '--only', nargs='*', metavar='SIDE', help='time these; all if left out'
    )
    parser.add_argument(
        '--interval',
        type=int,
        default=10,
        help='steps a block, and between measurements of parameters',
    )
    parser.add_argument(
        '--repeats', type=int, default=5, help='paired blocks a ratio'
    )
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--out', help='result file to write')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help=cli.CFG_OPTIONS_HELP,
    )
    return parser.parse_args(argv)


def block(step: Callable[[], float], length: int) -> Callable[[], float]:
    """Seconds a step, as the mean over ``length`` of them."""
    return lambda: sum(step() for _ in range(length)) / length


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> dict:
    """Measure, print a table and one JSON, write it with ``--out``."""
    args = parse_args(argv)
    for name in ('interval', 'repeats'):
        if getattr(args, name) < 1:
            raise UserError(f'--{name} must be at least 1.')
    be_quiet()
    find_device(args.device)
    cfg = cli.read_config(args.config, args.cfg_options)
    torch.set_num_threads(args.threads)
    steps = balancing_steps(
        cfg,
        training_batch(cfg),
        args.device,
        args.interval,
        args.only,
    )
    blocks = {name: block(step, args.interval) for name, step in steps.items()}
    plain = blocks.pop(PLAIN)
    rows, metrics = {}, {}
    for name, timed in blocks.items():
        pair = {PLAIN: plain, name: timed}
        in_turn(pair, 1)
        times = in_turn(pair, args.repeats)
        ratio = spread(times[name] / times[PLAIN])
        ms = 1e3 * float(np.median(times[name]))
        rows[name] = {f'ratio_{k}': v for k, v in ratio.items()} | {'ms': ms}
        metrics[name] = ratio['median']
    print(table(rows))
    given = sys.argv[1:] if argv is None else argv
    about = dict(
        command=['python', 'tools/bench_mtl.py', *given],
        config=args.config,
        seeds=[0],
        rows=rows,
    )
    make = make_result if args.out is None else write_result
    where = () if args.out is None else (args.out,)
    result = make(*where, metrics, **about)
    print(json.dumps(result, indent=1))
    return result


if __name__ == '__main__':
    main()
