"""Measure speed and memory: ours, its detector alone, three networks.

    python tools/benchmark.py --out docs/results/speed.json

Sides run in turn in one process and every ratio is the median over paired
blocks, printed with its least and largest, so that other load on the machine
falls on both. Only memory is measured apart, in a process a side.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

import torch
from benchmarks.measures import PARTS
from benchmarks.networks import be_quiet
from mmengine.config import DictAction

from mmvmtl.apis import cli
from mmvmtl.apis.checkpoint import read_checkpoint
from mmvmtl.apis.result_file import make_result, write_result
from mmvmtl.devices import find_device
from mmvmtl.errors import UserError

CONFIG = 'configs/synthetic/video_mtl_rtmdet_tiny.py'


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        'parts',
        nargs='*',
        metavar='part',
        help=f'what to measure, of: {", ".join(PARTS)}; without any, all',
    )
    parser.add_argument('--config', default=CONFIG)
    parser.add_argument(
        '--checkpoint',
        help='weights; the number of detections is scripted, so they matter '
        'little',
    )
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument(
        '--objects', type=int, nargs='+', default=[1, 8, 30], metavar='N'
    )
    parser.add_argument(
        '--repeats', type=int, default=41, help='paired blocks a ratio'
    )
    parser.add_argument(
        '--blocks', type=int, default=2, help='recogniser periods a block'
    )
    parser.add_argument('--out', help='result file to write')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help=cli.CFG_OPTIONS_HELP,
    )
    args = parser.parse_args(argv)
    args.parts = args.parts or list(PARTS)
    return args


def check(args: argparse.Namespace) -> None:
    """Refuse what can not be measured.

    Raises:
        UserError: It names what, and what can.
    """
    for part in args.parts:
        if part not in PARTS:
            raise UserError(
                f"there is no measurement '{part}'; choose of "
                f'{", ".join(PARTS)}.'
            )
    find_device(args.device)
    if args.checkpoint:
        cli.check_checkpoint(args.checkpoint)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> dict:
    """Measure, print a table and one JSON, write it with ``--out``."""
    args = parse_args(argv)
    be_quiet()
    check(args)
    cfg = cli.read_config(args.config, args.cfg_options)
    weights = None
    if args.checkpoint:
        weights = read_checkpoint(args.checkpoint)['state_dict']
    torch.set_num_threads(args.threads)
    metrics: dict[str, float] = {}
    rows: dict[str, dict[str, float]] = {}
    for part in args.parts:
        print(f'measuring: {part}', file=sys.stderr)
        more_metrics, more_rows = PARTS[part](args, cfg, weights)
        metrics |= more_metrics
        rows |= more_rows
    print(table(rows))
    given = sys.argv[1:] if argv is None else argv
    about = dict(
        command=['python', 'tools/benchmark.py', *given],
        config=args.config,
        seeds=[0],
        rows=rows,
    )
    if args.out:
        result = write_result(args.out, metrics, **about)
    else:
        result = make_result(metrics, **about)
    print(json.dumps(result, indent=1))
    return result


def table(rows: dict[str, dict[str, float]]) -> str:
    """All rows and their numbers as text in columns."""
    width = max(map(len, rows), default=0)
    lines = []
    for name, row in rows.items():
        cells = [f'{key} {value:.3f}' for key, value in row.items()]
        lines.append(f'{name:<{width}}  ' + '  '.join(cells))
    return '\n'.join(lines)


if __name__ == '__main__':
    main()
