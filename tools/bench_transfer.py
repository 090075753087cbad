"""A detector of the day meets fog, night and thermal: method by method.

    python tools/bench_transfer.py --targets fog --methods image teacher

Every row begins with a trained model of the day and trains as long:
``source_only`` goes on with the day, the methods have unlabelled video of the
target as well, ``oracle`` its labels. All have one augmentation.
``source_only`` knows no target, so it is trained once for all of them. ``day``
is its test on the same videos by day: what the shift costs is

    day - source_only,

and what a method closes

    (method - source_only) / (oracle - source_only).

A run that was finished before is not repeated.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev

from mmvmtl.apis import cli
from mmvmtl.apis.kept_run import refuse_other
from mmvmtl.apis.result_file import write_result
from mmvmtl.apis.steps import (
    Shell,
    measure,
    quiet_shell,
    side_by_side,
    what_is_run,
)

CONFIGS = Path('configs/domain')
DAY, SOURCE, ORACLE = 'day', 'source_only', 'oracle'
METHODS = (
    *('adabn', 'image', 'instance', 'both', 'importance'),
    *('colour', 'translated', 'teacher', 'combined'),
)
#: Not without being asked for: batches of both domains and nothing else, and
#: a second transfer of looks.
MORE = ('mixed', 'fourier')
#: With a translator's frames.
TRANSLATED = {'translated', 'combined'}
TARGETS = ('fog', 'night', 'thermal')
SHOWN = ('det/mAP50', 'track/HOTA', 'cls/clip_top1', 'reid/rank1')
#: Whose gap is to be closed.
POINTS = ('det/mAP50', 'track/HOTA')
GAP = '{}/gap_closed'

#: One number per seed, by metric.
Row = dict[str, list]


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--targets', nargs='+', choices=TARGETS, default=list(TARGETS)
    )
    parser.add_argument(
        '--methods',
        nargs='*',
        choices=METHODS + MORE,
        default=list(METHODS),
        help='by itself all but ' + ' and '.join(MORE),
    )
    parser.add_argument(
        '--checkpoints',
        nargs='+',
        default=['work_dirs/demo/train/epoch_16.pth'],
        help='of configs/synthetic/video_mtl_rtmdet_tiny.py, one for each '
        'seed or one for all',
    )
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2])
    parser.add_argument(
        '--jobs', type=int, default=2, help='runs side by side'
    )
    parser.add_argument('--work-dir', default='work_dirs/bench_transfer')
    parser.add_argument('--out', default='docs/results/transfer.json')
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], help='for all runs'
    )
    return parser.parse_args(argv)


class Bench:
    """The runs, in folders of their own.

    Args:
        args (argparse.Namespace): of the command line.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.work = Path(args.work_dir)

    def shell(self, folder: Path, **env: object) -> Shell:
        """A shell for a run in ``folder``."""
        return quiet_shell(folder, self.args.jobs, **env)

    def start(self, seed: int) -> str:
        """The checkpoint that all runs of this seed begin with."""
        number = self.args.seeds.index(seed) % len(self.args.checkpoints)
        return self.args.checkpoints[number]

    def translator(self, target: str) -> Path:
        """The checkpoint of the one from day to ``target``."""
        config = Path(f'configs/translation/day_to_{target}.py')
        folder = self.work / 'translators' / target
        last = cli.read_config(str(config)).train_cfg.max_iters
        checkpoint = folder / f'iter_{last}.pth'
        said, shell = folder / 'run.txt', self.shell(folder)
        text = what_is_run(config, 0, [], shell)
        if said.is_file():
            refuse_other(text, said)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shell.run(
                *('tools/train.py', config, '--work-dir', folder),
                *('--cfg-options', 'randomness.seed=0'),
            )
            said.write_text(text)
        return checkpoint

    def place(self, target: str, method: str, seed: int) -> tuple[Path, Path]:
        """Config and folder of a run."""
        name = f'day_to_{target}' + (f'_{method}' * (method != SOURCE))
        return CONFIGS / f'{name}.py', self.work / name / f'seed_{seed}'

    def measure_source(self, target: str, seed: int) -> dict:
        """Metrics of the trained ``source_only`` on a target, or by day."""
        config, trained = self.place(TARGETS[0], SOURCE, seed)
        options = list(self.args.cfg_options)
        if target == DAY:
            folder = trained / DAY
            options.append(f'test_dataloader.dataset.world.style={DAY}')
        else:
            config, folder = self.place(target, SOURCE, seed)
        shell = self.shell(folder, MMVMTL_PRETRAINED=self.start(seed))
        return measure(config, folder, seed, options, shell, trained)

    def measure(self, target: str, method: str, seed: int) -> dict:
        """Metrics on the target of a method."""
        config, folder = self.place(target, method, seed)
        options = list(self.args.cfg_options)
        env = dict(MMVMTL_PRETRAINED=self.start(seed))
        if method in TRANSLATED:
            env['MMVMTL_TRANSLATOR'] = self.translator(target)
        shell = self.shell(folder, **env)
        if method == 'importance':
            weights = folder / 'weights.json'
            # Those of a run that was broken off may be of another start.
            if not (folder / 'metrics.json').is_file():
                shell.run(
                    *('tools/analysis/importance_weights.py', config),
                    *(env['MMVMTL_PRETRAINED'], '--source', 'day'),
                    *('--target', target, '--out', weights),
                )
            options.append(f'train_dataloader.sampler.weights={weights}')
        metrics = measure(config, folder, seed, options, shell)
        if method == 'importance':
            size = 'effective_sample_size'
            metrics[size] = json.loads(weights.read_text())[size]
        return metrics


def with_gaps(rows: Mapping[str, Row]) -> dict[str, Row]:
    """The rows with the part of the gap that each closes, seed by seed.

    ``day`` has none: it is measured on other frames.
    """
    found = {}
    for name, row in rows.items():
        found[name] = dict(row)
        if name == DAY:
            continue
        for metric in POINTS:
            found[name][GAP.format(metric)] = [
                part_closed(v, low, high)
                for v, low, high in zip(
                    row[metric],
                    rows[SOURCE][metric],
                    rows[ORACLE][metric],
                    strict=True,
                )
            ]
    return found


def part_closed(
    value: float | None, low: float | None, high: float | None
) -> float | None:
    """Where ``value`` lies from ``low`` (0) to ``high`` (1), if known."""
    if value is None or low is None or high is None or high == low:
        return None
    return (value - low) / (high - low)


def report(target: str, rows: Mapping[str, Row]) -> str:
    """A Markdown table of one target, mean and deviation over seeds."""
    factors = {name: 100 if name == 'det/mAP50' else 1 for name in SHOWN}
    factors |= {GAP.format(metric): 100 for metric in POINTS}
    lines = [
        f'| day to {target} | ' + ' | '.join(factors) + ' |',
        '| --- |' + ' ---: |' * len(factors),
    ]
    for name, row in rows.items():
        cells = [
            spread(row.get(key, [None]), factor)
            for key, factor in factors.items()
        ]
        lines.append(f'| {name} | ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def spread(values: Sequence[float | None], factor: float = 1) -> str:
    """Mean and deviation; empty where a number is unknown."""
    if None in values:
        return ''
    text = f'{factor * mean(values):.3g}'
    if len(values) > 1:
        text += f' ± {factor * stdev(values):.2g}'
    return text


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Run what is missing, print the tables, write the file."""
    args = parse_args(argv)
    given = sys.argv[1:] if argv is None else argv
    cli.check_writable(args.work_dir, '--work-dir')
    args.checkpoints = [cli.check_checkpoint(c) for c in args.checkpoints]
    bench = Bench(args)
    # What several runs need is made first, once.
    if TRANSLATED & set(args.methods):
        targets = [(target,) for target in args.targets]
        side_by_side(bench.translator, targets, args.jobs)
    names = [SOURCE, *args.methods, ORACLE]
    first, *others = names
    runs = [(TARGETS[0], first, s) for s in args.seeds]
    runs += [
        (t, m, s) for t in args.targets for m in others for s in args.seeds
    ]
    found = side_by_side(bench.measure, runs, args.jobs)
    tests = [t for t in (DAY, *args.targets) if t != TARGETS[0]]
    source = side_by_side(
        bench.measure_source,
        [(t, s) for t in tests for s in args.seeds],
        args.jobs,
    )
    for target, seed in itertools.product(args.targets, args.seeds):
        found[target, DAY, seed] = source[DAY, seed]
        if target != TARGETS[0]:
            found[target, SOURCE, seed] = source[target, seed]
    rows = {}
    for target in args.targets:
        table = {}
        for name in (DAY, *names):
            each = [found[target, name, seed] for seed in args.seeds]
            table[name] = {key: [m.get(key) for m in each] for key in each[0]}
        table = with_gaps(table)
        rows |= {f'{target}/{n}': {'metrics': r} for n, r in table.items()}
        print(f'\n{report(target, table)}')
    write_result(
        args.out,
        {},
        command=['python', 'tools/bench_transfer.py', *given],
        config='configs/_base_/adapt.py',
        seeds=args.seeds,
        rows=rows,
    )


if __name__ == '__main__':
    main()
