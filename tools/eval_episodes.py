"""Few-shot scores over many episodes, with 95 % confidence intervals.

    python tools/eval_episodes.py configs/meta/anil_new_classes.py \
        --checkpoints meta=META.pth pretrained=PLAIN.pth --episodes 40

Every checkpoint is adapted with the same shots and steps; each takes the one
of --lrs that is best on --search other episodes. By itself these are multiples
of the inner rate that the config trains with; rate 0 leaves the checkpoint as
it is, so it is chosen where adaptation harms. The first checkpoint is compared
with the others by episode.
"""

from __future__ import annotations

import argparse
import copy
import json
from collections.abc import Sequence

# Importing mmvmtl applies mmvmtl.compat, before anything of OpenMMLab.
from mmengine.config import Config
from mmengine.registry import DATASETS, MODELS, init_default_scope

from mmvmtl.apis import cli
from mmvmtl.apis.adaptation import (
    Adaptation,
    best_rate,
    compare,
    load_for_adaptation,
    score_episodes,
)
from mmvmtl.errors import UserError

#: Rates to choose from, in those of the config's train_cfg.
FACTORS = (0.0, 0.5, 1.0, 2.0, 5.0)


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
        help='by itself, 0, 0.5, 1, 2 and 5 times train_cfg.lr',
    )
    parser.add_argument('--out', help='write scores and intervals (.json)')
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


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Adapt and score every checkpoint on the same episodes."""
    args = parse_args(argv)
    cfg = cli.read_config(args.config, args.cfg_options)
    if 'episodes' not in cfg:
        raise UserError(f'the config {args.config} has no episodes section.')
    lrs = args.lrs or rates_of(cfg)
    init_default_scope(cfg.default_scope)
    episodes = DATASETS.build(
        {**cfg.episodes.dataset, 'episodes': args.search + args.episodes}
    )
    base = MODELS.build(cfg.model)
    parts = cfg.episodes.parts
    how = Adaptation(0.0, cfg.episodes.steps, parts and tuple(parts))
    search = range(args.search)
    test = range(args.search, len(episodes))
    scores, rates = {}, {}
    for entry in args.checkpoints:
        name, _, path = entry.rpartition('=')
        model = copy.deepcopy(base)
        load_for_adaptation(model, path)
        rate = best_rate(model, episodes, search, how, lrs)
        chosen = Adaptation(rate, how.steps, how.parts)
        rates[name] = rate
        scores[name] = score_episodes(model, episodes, test, chosen)
    rows = compare(scores)
    for name, row in rows.items():
        print(f'{name}: {row["mean"]:.4f} ({row["low"]:.4f}..', end='')
        print(
            f'{row["high"]:.4f})', f'lr {rates[name]}' if name in rates else ''
        )
    if args.out:
        each = {name: list(map(float, s)) for name, s in scores.items()}
        with open(args.out, 'w') as file:
            json.dump(dict(rows=rows, rates=rates, scores=each), file)


if __name__ == '__main__':
    main()
