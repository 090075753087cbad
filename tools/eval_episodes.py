"""Few-shot scores over many episodes, with 95 % confidence intervals.

    python tools/eval_episodes.py configs/meta/anil_new_classes.py \
        --checkpoints meta=META.pth pretrained=PLAIN.pth --episodes 40

Every checkpoint is adapted with the same shots and steps; each takes the one
of --lrs, and of the config's episodes.choices (what moves, which statistics),
that is best on --search episodes of other videos. By itself the rates are
multiples of the inner rate that the config trains with; rate 0 leaves the
checkpoint as it is, so it is chosen where adaptation harms. The first
checkpoint is compared with the others by episode.
"""

from __future__ import annotations

import argparse
import copy
import sys
from collections.abc import Mapping, Sequence

import numpy as np

# Importing mmvmtl applies mmvmtl.compat, before anything of OpenMMLab.
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, MODELS, init_default_scope

from mmvmtl.apis import cli
from mmvmtl.apis.adaptation import (
    METRIC,
    Adaptation,
    best_way,
    choices_of,
    compare,
    load_for_adaptation,
    score_episodes,
)
from mmvmtl.apis.result_file import write_result
from mmvmtl.datasets import EpisodeDataset
from mmvmtl.engine.hooks.class_check_hook import class_counts
from mmvmtl.errors import UserError

#: Rates to choose from, in those of the config's train_cfg.
FACTORS = (0.0, 0.5, 1.0, 2.0)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Score episodes.')
    parser.add_argument('config', help='config with an episodes section')
    parser.add_argument(
        '--checkpoints', nargs='+', required=True, metavar='NAME=PATH'
    )
    parser.add_argument('--episodes', type=int, default=40)
    parser.add_argument('--search', type=int, default=10)
    parser.add_argument(
        '--lrs',
        nargs='+',
        type=float,
        help='by itself, 0, 0.5, 1 and 2 times train_cfg.lr; the largest '
        'is doubled and the smallest halved while that helps',
    )
    parser.add_argument('--out', help='result file')
    cli.add_cfg_options(parser)
    return parser.parse_args(argv)


def rates_of(cfg: Config) -> list[float]:
    """The rates to choose from: :data:`FACTORS` times the inner rate.

    Raises:
        UserError: If the config trains without one.
    """
    rate = (cfg.get('train_cfg') or {}).get('lr')
    if rate is None:
        raise UserError(
            'the config has no train_cfg.lr, the rate of an inner step; '
            'give --lrs.'
        )
    return [factor * rate for factor in FACTORS]


def named(entries: Sequence[str]) -> dict[str, str]:
    """Paths by name, of NAME=PATH.

    Raises:
        UserError: Of one without a name, or a name that comes twice.
    """
    found: dict[str, str] = {}
    for entry in entries:
        name, _, path = entry.partition('=')
        if not (name and path) or name in found:
            raise UserError(
                f'--checkpoints {entry}: write NAME=PATH, each with a name '
                'of its own.'
            )
        found[name] = path
    return found


def drawn(dataset: dict, number: int) -> EpisodeDataset:
    """That many episodes of a data set."""
    return DATASETS.build({**dataset, 'episodes': number})


def check_room(model: BaseModel, episodes: EpisodeDataset) -> None:
    """Refuse episodes of more classes than the detection head has.

    Fewer are right: the others stay unused.
    """
    classes = episodes.metainfo['classes']
    for task, where, count in class_counts(model):
        if task == 'det' and len(classes) > count:
            raise UserError(
                f'{where} has num_classes={count}, but episodes.dataset has '
                f'{len(classes)} classes ({", ".join(classes)}); raise '
                'num_classes, or lower the ways of the episodes.'
            )


def result_rows(
    rows: Mapping[str, Mapping[str, float]],
    ways: Mapping[str, tuple[str, Adaptation]],
    scores: Mapping[str, np.ndarray],
) -> dict[str, dict]:
    """The rows of a result file, named by the metric.

    Args:
        rows (dict): ``mean``, ``low`` and ``high`` of checkpoints and
            differences, by name.
        ways (dict): of each checkpoint, the name of the choice and how it
            was adapted; the name is kept beside the metrics.
        scores (dict): of each checkpoint, one score an episode, 0..1; kept
            beside the metrics.
    """
    found: dict[str, dict] = {}
    for name, row in rows.items():
        metrics = {
            METRIC: row['mean'],
            f'{METRIC}/low': row['low'],
            f'{METRIC}/high': row['high'],
        }
        found[name] = dict(metrics=metrics)
    for name, each in scores.items():
        found[name]['choice'], how = ways[name]
        found[name]['metrics']['lr'] = how.lr
        found[name]['scores'] = each.tolist()
    return found


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Adapt and score every checkpoint on the same episodes."""
    args = parse_args(argv)
    cfg = cli.read_config(args.config, args.cfg_options)
    for key in ('dataset', 'search'):
        if key not in cfg.get('episodes', {}):
            raise UserError(
                f'the config {args.config} has no episodes.{key}: the data '
                'set of the episodes that are scored, and of others to '
                'choose the rate on.'
            )
    choices = choices_of(cfg.episodes, 'episodes')
    checkpoints = named(args.checkpoints)
    lrs = args.lrs or rates_of(cfg)
    if args.search < 1 < len(lrs) * len(choices):
        raise UserError(
            f'--search {args.search} leaves no episode to choose one of '
            f'{len(lrs)} rates on; give at least 1, or a single rate in --lrs '
            'and no episodes.choices.'
        )
    init_default_scope(cfg.default_scope)
    episodes = drawn(cfg.episodes.dataset, args.episodes)
    search = drawn(cfg.episodes.search, args.search)
    base = MODELS.build(cfg.model)
    check_room(base, episodes)
    scores, ways = {}, {}
    for name, path in checkpoints.items():
        model = copy.deepcopy(base)
        load_for_adaptation(model, path)
        ways[name] = best_way(model, search, choices, lrs)
        scores[name] = score_episodes(model, episodes, ways[name][1])
    rows = compare(scores)
    for name, row in rows.items():
        said = f'{name}: {row["mean"]:.4f} ({row["low"]:.4f}..'
        said += f'{row["high"]:.4f})'
        if name in ways:
            choice, how = ways[name]
            said += f' {choice} lr {how.lr:g}'
        print(said)
    if args.out:
        given = sys.argv[1:] if argv is None else argv
        write_result(
            args.out,
            {},
            command=['python', 'tools/eval_episodes.py', *given],
            config=args.config,
            seeds=[cfg.episodes.dataset.get('seed', 0)],
            rows=result_rows(rows, ways, scores),
        )


if __name__ == '__main__':
    main()
