"""Fine-tuning against training from scratch, both on 20 labelled frames.

    python tools/bench_finetune.py --checkpoint work_dirs/.../epoch_16.pth

Scratch has a search over three learning rates of its own, by its mean over
the seeds; all rows have the same frames and iterations. A run that was
finished before is not repeated. 18 runs of 60 iterations.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from benchmarks.frozen import frozen_ratio

from mmvmtl.apis import cli
from mmvmtl.apis.result_file import write_result
from mmvmtl.apis.steps import measure, quiet_shell, side_by_side, table

CONFIGS = Path('configs/finetune')
TUNED = ('all', 'heads', 'gradual')
RATES = (5e-4, 2e-3, 8e-3)
DEFAULT = 'work_dirs/demo/train/epoch_16.pth'
TRUNK = ['backbone', 'neck']


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--checkpoint',
        default=DEFAULT,
        help='of configs/synthetic/video_mtl_rtmdet_tiny.py',
    )
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2])
    parser.add_argument(
        '--jobs', type=int, default=2, help='runs side by side'
    )
    parser.add_argument('--work-dir', default='work_dirs/bench_finetune')
    parser.add_argument('--out', default='docs/results/finetune.json')
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], help='for all rows'
    )
    return parser.parse_args(argv)


def runs_of(args: argparse.Namespace) -> dict[str, tuple[Path, list[str]]]:
    """By name of a row its config and options."""
    common = list(args.cfg_options)
    rows = {
        f'scratch_{rate}': (
            CONFIGS / 'zebrafish_20_scratch.py',
            [*common, f'optim_wrapper.optimizer.lr={rate}'],
        )
        for rate in RATES
    }
    rows.update(
        (name, (CONFIGS / f'zebrafish_20_{name}.py', common)) for name in TUNED
    )
    return rows


def measure_rows(args: argparse.Namespace) -> dict[str, dict]:
    """Metrics of each row, one number per seed."""
    rows = runs_of(args)

    def run_one(name: str, seed: int) -> dict[str, float]:
        config, options = rows[name]
        folder = Path(args.work_dir) / name / f'{seed}'
        shell = quiet_shell(folder, args.jobs)
        return measure(config, folder, seed, options, shell)

    every = list(itertools.product(rows, args.seeds))
    found = side_by_side(run_one, every, args.jobs)
    metrics = {}
    for name, (config, _) in rows.items():
        runs = [found[name, seed] for seed in args.seeds]
        lists = {key: [run[key] for run in runs] for key in runs[0]}
        metrics[name] = {'config': str(config), 'metrics': lists}
    return metrics


def gain(rows: dict, key: str = 'det/mAP50') -> dict[str, float]:
    """Points (hundredths) of every fine-tuned row over the best scratch."""
    means = {name: mean(row['metrics'][key]) for name, row in rows.items()}
    best = max(v for name, v in means.items() if name.startswith('scratch'))
    return {name: 100 * (means[name] - best) for name in TUNED}


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Run all, print means over seeds, write the file."""
    args = parse_args(argv)
    given = sys.argv[1:] if argv is None else argv
    # The configs name it so, and so do the processes that train.
    os.environ['MMVMTL_PRETRAINED'] = cli.check_checkpoint(args.checkpoint)
    rows = measure_rows(args)
    means = {
        name: {
            k: None if None in v else mean(v)
            for k, v in row['metrics'].items()
        }
        for name, row in rows.items()
    }
    print(f'\nMeans over seeds {args.seeds}:\n\n{table(means)}')
    gains = gain(rows)
    cfg = cli.read_config(str(CONFIGS / 'zebrafish_20_scratch.py'))
    ratio = frozen_ratio(cfg, TRUNK)
    print(f'\nPoints of mAP50 over the best scratch: {gains}')
    print(f'A step with a frozen trunk takes {ratio:.2f} of a whole one.')
    rows['frozen_trunk'] = {
        'metrics': {'step_time_ratio': [ratio]},
        'seeds': [0],
    }
    write_result(
        args.out,
        rows['all']['metrics'],
        command=['python', 'tools/bench_finetune.py', *given],
        config=str(CONFIGS / 'zebrafish_20_all.py'),
        seeds=args.seeds,
        rows=rows,
    )


if __name__ == '__main__':
    main()
