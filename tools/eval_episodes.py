"""Few-shot scores over many episodes, with 95 % confidence intervals.

    python tools/eval_episodes.py configs/meta/anil_new_classes.py \
        --checkpoints meta=META.pth pretrained=PLAIN.pth --episodes 40

Every checkpoint is adapted with the same shots and steps; each takes the one
of --lrs that is best on --search other episodes. The first one is compared
with the others by episode.
"""

from __future__ import annotations

import argparse
import copy
import json
from collections.abc import Sequence

# Importing mmvmtl applies mmvmtl.compat, before anything of OpenMMLab.
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
        '--lrs', nargs='+', type=float, default=[0.01, 0.03, 0.1, 0.3]
    )
    parser.add_argument('--out', help='write scores and intervals (.json)')
    cli.add_cfg_options(parser)
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Adapt and score every checkpoint on the same episodes."""
    args = parse_args(argv)
    cfg = cli.read_config(args.config, args.cfg_options)
    if 'episodes' not in cfg:
        raise UserError(f'the config {args.config} has no episodes section.')
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
        rate = best_rate(model, episodes, search, how, args.lrs)
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
