"""Draw what methods reach on the target while they adapt.

    python tools/analysis/adaptation_curve.py \
        configs/domain/day_to_night{,_both,_teacher,_oracle}.py

Trains each config and tests a checkpoint every ``--every`` iterations. All
begin with the checkpoint that the first one names, which is tested with the
first one: its model must be the checkpoint's.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from mmvmtl.apis import cli
from mmvmtl.apis.plots import lines
from mmvmtl.apis.steps import quiet_shell, side_by_side
from mmvmtl.errors import UserError


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('configs', nargs='+', help='of one target')
    parser.add_argument('--every', type=int, default=10, help='iterations')
    parser.add_argument('--metric', default='det/mAP50')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--jobs', type=int, default=2, help='runs side by side'
    )
    parser.add_argument('--work-dir', default='work_dirs/adaptation_curve')
    parser.add_argument('--out', type=Path, default=Path('adaptation.png'))
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> dict[str, dict[int, float]]:
    """Train, test, draw; metric by iteration by config."""
    args = parse_args(argv)
    if args.every < 1:
        raise UserError(f'--every {args.every} must be at least 1.')
    cli.check_writable(args.out.parent, '--out')
    cli.check_writable(args.work_dir, '--work-dir')
    first = args.configs[0]
    runs = [
        (first, 0),
        *((config, checked(config)) for config in args.configs),
    ]

    def points(config: str, last: int) -> dict[int, float]:
        return curve(config, last, args)

    found = side_by_side(points, runs, args.jobs)
    start = found[first, 0]
    series = {
        Path(config).stem: start | found[config, last]
        for config, last in runs[1:]
    }
    for name, values in series.items():
        numbers = '  '.join(f'{x}: {y:.3f}' for x, y in values.items())
        print(f'{name:<32} {numbers}')
    lines(series, args.out, 'iteration', args.metric)
    print(f'wrote {args.out}')
    return series


def checked(config: str) -> int:
    """How many iterations a config trains.

    Raises:
        UserError: It counts epochs.
    """
    cfg = cli.read_config(config)
    if 'max_iters' not in cfg.train_cfg:
        raise UserError(
            f'{config} trains by epochs; give one that trains by iterations.'
        )
    return cfg.train_cfg.max_iters


def curve(
    config: str, last: int, args: argparse.Namespace
) -> dict[int, float]:
    """The metric by iteration up to ``last``; of the start if that is 0.

    Raises:
        UserError: There is no such metric, or nothing to begin with.
    """
    work = Path(args.work_dir) / Path(config).stem
    shell = quiet_shell(work, args.jobs)
    seed = ['--cfg-options', f'randomness.seed={args.seed}']
    if last:
        shell.run(
            *('tools/train.py', config, '--work-dir', work, *seed),
            f'default_hooks.checkpoint.interval={args.every}',
            'default_hooks.checkpoint.max_keep_ckpts=-1',
        )
        steps = sorted({*range(args.every, last, args.every), last})
        files = {step: work / f'iter_{step}.pth' for step in steps}
    else:
        start = cli.read_config(config).get('load_from')
        if start is None:
            raise UserError(f'{config} has no load_from to begin with.')
        files = {0: cli.check_checkpoint(start)}
    found = {}
    for step, checkpoint in files.items():
        result = work / f'test_{step}.json'
        shell.run(
            *('tools/test.py', config, checkpoint, '--out', result),
            *('--work-dir', work / 'test', *seed),
        )
        metrics = json.loads(result.read_text())['metrics']
        if args.metric not in metrics:
            raise UserError(
                f'--metric {args.metric} is none of {sorted(metrics)}.'
            )
        found[step] = metrics[args.metric]
    return found


if __name__ == '__main__':
    main()
