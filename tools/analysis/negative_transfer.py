"""Does training together help? Every task alone, and all by each method.

    python tools/analysis/negative_transfer.py CONFIG --seeds 0 1 2
        --methods fixed sum UncertaintyWeighting sum+PCGrad

A method is a weighting, or weighting+balancing; ``fixed`` is what the config
has. All runs have the config's budget. Tracking and clip labels are evaluated
on the true boxes, of joint models too, so that a task trained without a
detector is compared with itself; what a joint model reaches with its own boxes
stands under ``own_boxes/``. Positive gains are gains. An interrupted report
goes on where it stopped.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev

from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmvmtl.apis import cli, measured_run
from mmvmtl.apis.joint_runs import (
    DIRECTIONS,
    alone,
    at_true_boxes,
    tasks_of,
    together,
)
from mmvmtl.apis.plots import bars
from mmvmtl.apis.result_file import read_result, write_result
from mmvmtl.apis.steps import quiet_shell, side_by_side
from mmvmtl.evaluation import delta_m

#: What a method costs, printed behind what it reaches.
COSTS = ('step_over_sum', 'seconds', 'memory_mib')

#: One run: metric name to number.
Run = dict[str, float | None]


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='config file with all tasks')
    parser.add_argument('--methods', nargs='+', default=['fixed', 'sum'])
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2])
    parser.add_argument(
        '--jobs', type=int, default=2, help='runs side by side'
    )
    parser.add_argument('--work-dir', default='work_dirs/negative_transfer')
    parser.add_argument(
        '--out',
        default='work_dirs/negative_transfer.json',
        help='result file; the picture stands beside it',
    )
    parser.add_argument(
        '--step-times',
        metavar='FILE',
        help='result of tools/bench_mtl.py; adds step_over_sum to its methods',
    )
    cli.add_cfg_options(parser)
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> dict:
    """Train what is missing, print the table, write result and picture."""
    args = parse_args(argv)
    cfg = cli.read_config(args.config, args.cfg_options)
    init_default_scope(cfg.get('default_scope') or 'mmdet')
    cli.check_writable(args.work_dir, '--work-dir')
    tasks = tasks_of(cfg)
    # All configs are made before anything is trained: a misspelt method
    # must not be found after hours.
    singles = {task: alone(cfg, task) for task in tasks}
    joints = {method: together(cfg, method) for method in args.methods}
    times = read_result(args.step_times)['metrics'] if args.step_times else {}
    plan = {
        alone_in(task): (cfg, {'test': cfg}) for task, cfg in singles.items()
    }
    plan |= {
        method: (cfg, {'own_boxes': cfg, 'true_boxes': at_true_boxes(cfg)})
        for method, cfg in joints.items()
    }
    found = side_by_side(
        lambda name, seed: execute(args, *plan[name], name, seed),
        [(name, seed) for seed in args.seeds for name in plan],
        args.jobs,
    )
    rows: dict[str, list[Run]] = {'alone': []}
    for seed in args.seeds:
        single = alone_row([found[alone_in(task), seed] for task in tasks])
        rows['alone'].append(single)
        for method in joints:
            row = joint_row(found[method, seed])
            row |= gains(row, single, tasks)
            row |= step_time(times, method, weighs_plainly(cfg))
            rows.setdefault(method, []).append(row)
    print(report(rows))
    given = sys.argv[1:] if argv is None else argv
    lists = {name: by_metric(runs) for name, runs in rows.items()}
    result = write_result(
        args.out,
        lists[args.methods[0]],
        command=['python', 'tools/analysis/negative_transfer.py', *given],
        config=args.config,
        seeds=args.seeds,
        rows={name: {'metrics': row} for name, row in lists.items()},
    )
    draw(lists, tasks, Path(args.out).with_suffix('.png'))
    return result


def alone_in(task: str) -> str:
    """The folder of a task that is trained alone."""
    return f'alone_{task}'


def execute(
    args: argparse.Namespace,
    cfg: Config,
    tests: Mapping[str, Config],
    name: str,
    seed: int,
) -> dict[str, dict]:
    """Train and evaluate with this seed in a folder of its own."""
    folder = Path(args.work_dir) / name / f'seed_{seed}'
    return measured_run.train_and_measure(
        seeded(cfg, seed),
        folder,
        {key: seeded(test, seed) for key, test in tests.items()},
        quiet_shell(folder, args.jobs),
    )


def seeded(cfg: Config, seed: int) -> Config:
    """A copy with this seed."""
    changed = Config(cfg.to_dict())
    changed.merge_from_dict({'randomness.seed': seed})
    return changed


def alone_row(runs: Sequence[Mapping[str, dict]]) -> Run:
    """The metrics of each task, of the model that was trained for it."""
    row: Run = {}
    for run in runs:
        row |= run['test']
    # One after the other: their times add up, their memory does not.
    seconds = [run['train']['seconds'] for run in runs]
    row['seconds'] = None if None in seconds else sum(seconds)
    row['memory_mib'] = max(run['train']['memory_mib'] for run in runs)
    return row


def joint_row(run: Mapping[str, dict]) -> Run:
    """The metrics of a joint model, at true boxes and at its own."""
    own, told = run['own_boxes'], run['true_boxes']
    row = {k: v for k, v in own.items() if k.startswith('det/')} | told
    row |= {
        f'own_boxes/{k}': v for k, v in own.items() if not k.startswith('det/')
    }
    return row | run['train']


def gains(joint: Run, single: Run, tasks: Sequence[str]) -> Run:
    """``gain/<task>`` and ``gain/delta_m`` in percent; None if unknown."""
    found: Run = {}
    for task in tasks:
        try:
            found[f'gain/{task}'] = delta_m(
                joint, single, {task: DIRECTIONS[task]}
            )[task]
        except ValueError as error:
            print(f'no gain of {task}: {error}', file=sys.stderr)
            found[f'gain/{task}'] = None
    values = list(found.values())
    found['gain/delta_m'] = None if None in values else mean(values)
    return found


def weighs_plainly(cfg: Config) -> bool:
    """Whether the config has fixed weights and balances no gradients."""
    loss = cfg.model.get('loss') or {}
    kind = loss.get('type', 'mmvmtl.WeightedMTLLoss')
    branch = cfg.model.get('branch') or {}
    return kind == 'mmvmtl.WeightedMTLLoss' and not branch.get('weighting')


def step_time(
    times: Mapping[str, Sequence[float]], method: str, plain: bool
) -> Run:
    """A step's time over that of the plain sum, where it was measured.

    Fixed weights cost what weights of 1 do; what else ``fixed`` may be is
    not known unless the config is ``plain``.
    """
    name = method.replace('fixed', 'sum', 1) if plain else method
    found = [1.0] if times and name == 'sum' else times.get(name)
    return {} if found is None else {'step_over_sum': found[0]}


def by_metric(runs: Sequence[Run]) -> dict[str, list]:
    """Metric name to one number per seed."""
    return {
        name: [run.get(name) for run in runs]
        for name in dict.fromkeys(name for run in runs for name in run)
    }


def report(rows: Mapping[str, Sequence[Run]]) -> str:
    """Mean ± deviation over seeds of what is compared, as Markdown."""
    names = [m for metrics in DIRECTIONS.values() for m in metrics]
    lists = {name: by_metric(runs) for name, runs in rows.items()}
    names += [
        name
        for name in dict.fromkeys(key for row in lists.values() for key in row)
        if name.startswith('gain/') or name in COSTS
    ]
    lines = [
        '| | ' + ' | '.join(names) + ' |',
        '| --- |' + ' ---: |' * len(names),
    ]
    for name, row in lists.items():
        cells = [
            cell(row.get(metric, []), metric.startswith('gain/'))
            for metric in names
        ]
        lines.append(f'| {name} | ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def cell(values: Sequence[float | None], signed: bool) -> str:
    """Mean ± standard deviation, a gain with its sign."""
    known = [value for value in values if value is not None]
    if not known:
        return '–'
    text = f'{mean(known):+.2f}' if signed else f'{mean(known):.3f}'
    return text if len(known) == 1 else f'{text} ± {stdev(known):.2f}'


def draw(
    rows: Mapping[str, Mapping[str, list]], tasks: Sequence[str], path: Path
) -> None:
    """Draw the gains of each method, if they are known."""
    names = [*tasks, 'delta_m']
    groups = {
        method: {name: row[f'gain/{name}'] for name in names}
        for method, row in rows.items()
        if method != 'alone'
    }
    groups = {
        method: group
        for method, group in groups.items()
        if not any(None in values for values in group.values())
    }
    if groups:
        bars(groups, path, 'trained together instead of alone')


if __name__ == '__main__':
    main()
