"""k-fold cross-validation by video: mean ± deviation of every metric.

    python tools/cross_validate.py CONFIG --folds 5

Every fold trains on the training data of the config without a part of it,
and evaluates on that part, so nothing may be chosen by validation. A part is
every k-th video or, with fewer videos than folds, a block of consecutive
frames of each. A fold that was finished before is not repeated.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev

from mmengine.config import Config

from mmvmtl.apis import cli
from mmvmtl.apis.choices import refuse_choices
from mmvmtl.apis.result_file import write_result
from mmvmtl.apis.steps import measure, table
from mmvmtl.errors import UserError

#: Whose data is divided; the synthetic world is endless and needs no folds.
DATASETS = ('mmvmtl.VideoMTLDataset', 'mmvmtl.MOTVideoDataset')
#: What a data set reads, in contrast to what it makes of it.
SOURCE = (
    *('type', 'data_root', 'ann_file', 'data_prefix', 'metainfo'),
    *('sequences', 'frames', 'backend_args'),
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='training config')
    parser.add_argument('--folds', type=int, default=5, help='k, at least 2')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--work-dir', default='work_dirs/cross_validation')
    parser.add_argument('--out', help='result file')
    cli.add_cfg_options(parser)
    return parser.parse_args(argv)


def fold_config(cfg: Config, index: int, count: int) -> Config:
    """The config of a fold: trains without it, validates and tests on it.

    Raises:
        UserError: If the data of a loader can not be divided by video, or
            the config chooses a checkpoint by what would be the test.
    """
    refuse_choices(cfg)
    cfg = Config(cfg.to_dict())
    held_out = [
        name
        for name in ('val_dataloader', 'test_dataloader')
        if cfg.get(name) is not None
    ]
    # What is held out keeps the settings of its loader's own data set.
    for name in ('train_dataloader', *held_out):
        kind = cfg[name].dataset.get('type')
        if kind not in DATASETS:
            raise UserError(
                f'the data set of {name} is {kind!r}, which can not be '
                f'divided into folds by video; use one of '
                f'{", ".join(DATASETS)}.'
            )
    train = cfg.train_dataloader.dataset
    source = {key: train[key] for key in SOURCE if key in train}
    train.fold = dict(index=index, count=count, held_out=False)
    for name in held_out:
        held = cfg[name].dataset
        for key in SOURCE:
            held.pop(key, None)
        held.update(source)
        held.fold = dict(index=index, count=count, held_out=True)
    return cfg


def run_fold(cfg: Config, work: Path, seed: int) -> dict[str, float]:
    """Metrics of one fold."""
    work.mkdir(parents=True, exist_ok=True)
    cfg.dump(work / 'config.py')
    return measure(work / 'config.py', work, seed)


def by_metric(runs: Sequence[dict]) -> dict[str, list[float | None]]:
    """Metric name to one number per fold; None where a fold has none.

    A fold may lack a class, and its metrics with it.
    """
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: [run.get(name) for run in runs] for name in names}


def summary(runs: Sequence[dict]) -> dict[str, dict[str, float | None]]:
    """Mean and sample deviation of every metric over the folds."""
    rows: dict = {'mean': {}, 'deviation': {}}
    for key, values in by_metric(runs).items():
        whole = None not in values
        rows['mean'][key] = mean(values) if whole else None
        rows['deviation'][key] = stdev(values) if whole else None
    return rows


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> dict:
    """Run all folds, print mean and deviation, write the file."""
    args = parse_args(argv)
    cfg = cli.read_config(args.config, args.cfg_options)
    if args.folds < 2:
        raise UserError(f'--folds {args.folds} must be at least 2.')
    work = Path(args.work_dir) / Path(args.config).stem / f'k{args.folds}'
    work /= f'seed_{args.seed}'
    runs = [
        run_fold(fold_config(cfg, i, args.folds), work / str(i), args.seed)
        for i in range(args.folds)
    ]
    rows = summary(runs)
    print(f'\n{args.folds} folds of {args.config}:\n\n{table(rows)}')
    if args.out:
        given = sys.argv[1:] if argv is None else argv
        write_result(
            args.out,
            by_metric(runs),
            command=['python', 'tools/cross_validate.py', *given],
            config=args.config,
            seeds=[args.seed] * args.folds,
        )
    return rows


if __name__ == '__main__':
    main()
