"""Train configs over seeds, and write what they reach as a result file.

    python tools/bench_training.py --rows joint=configs/a.py alone=configs/b.py
        --seeds 0 1 2 --out docs/results/name.json

A run that was finished before is not repeated, so an interrupted bench goes
on where it stopped.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import mean

from mmvmtl.apis import cli
from mmvmtl.apis.result_file import write_result
from mmvmtl.apis.steps import measure, quiet_shell, side_by_side, table
from mmvmtl.errors import UserError


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--rows',
        nargs='+',
        required=True,
        metavar='NAME=CONFIG',
        help='what to compare; the first is what the file is about',
    )
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2])
    parser.add_argument(
        '--jobs', type=int, default=2, help='runs side by side'
    )
    parser.add_argument('--work-dir', default='work_dirs/bench')
    parser.add_argument('--out', required=True, help='result file')
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], help='for all rows'
    )
    return parser.parse_args(argv)


def run_one(
    args: argparse.Namespace, config: str, seed: int
) -> dict[str, float]:
    """Metrics of a config with this seed, in a folder of its own."""
    folder = Path(args.work_dir) / Path(config).stem / f'seed_{seed}'
    shell = quiet_shell(folder, args.jobs)
    return measure(config, folder, seed, args.cfg_options, shell)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Run all, print means over seeds, write the file."""
    args = parse_args(argv)
    given = sys.argv[1:] if argv is None else argv
    for row in args.rows:
        if '=' not in row:
            raise UserError(f"--rows '{row}' must be NAME=CONFIG.")
    configs = dict(row.split('=', 1) for row in args.rows)
    runs = [
        (config, seed) for config in configs.values() for seed in args.seeds
    ]
    found = side_by_side(partial(run_one, args), runs, args.jobs)
    rows = {}
    for name, config in configs.items():
        runs = [found[config, seed] for seed in args.seeds]
        rows[name] = {
            'config': config,
            'metrics': {key: [r[key] for r in runs] for key in runs[0]},
        }
    means = {
        name: {
            k: None if None in v else mean(v)
            for k, v in row['metrics'].items()
        }
        for name, row in rows.items()
    }
    print(f'\nMeans over seeds {args.seeds}:\n\n{table(means)}')
    first = next(iter(configs))
    write_result(
        args.out,
        rows[first]['metrics'],
        command=['python', 'tools/bench_training.py', *given],
        config=configs[first],
        seeds=args.seeds,
        rows=rows,
    )


if __name__ == '__main__':
    main()
