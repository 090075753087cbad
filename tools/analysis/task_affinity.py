"""Which tasks help which, and which to train together.

    python tools/analysis/task_affinity.py CONFIG --checkpoint epoch_8.pth
        --out work_dirs/affinity.json

Takes a step for each task on batches of the training data and looks what the
others lose (TAG, Fifty 2021). Prints the table and the best groups for 1 to T
networks, and writes both as JSON and as a picture beside it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmvmtl.apis import cli
from mmvmtl.apis.affinity import measure_affinity
from mmvmtl.apis.plots import heat_map
from mmvmtl.apis.results import json_text
from mmvmtl.apis.steps import table
from mmvmtl.errors import UserError
from mmvmtl.evaluation import best_groupings, grouping_score


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--checkpoint', help='weights; without, those before training'
    )
    parser.add_argument('--batches', type=int, default=20)
    parser.add_argument(
        '--lr',
        type=float,
        default=1e-3,
        help='of the plain gradient step, on unweighted losses',
    )
    parser.add_argument('--out', default='work_dirs/affinity.json')
    cli.add_cfg_options(parser)
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> dict:
    """Measure, print, write."""
    args = parse_args(argv)
    if args.batches < 1 or args.lr <= 0:
        raise UserError('--batches and --lr must be above 0.')
    out = Path(args.out)
    cli.check_writable(out.parent, '--out')
    if args.checkpoint:
        cli.check_checkpoint(args.checkpoint)
    cfg = cli.read_config(args.config, args.cfg_options)
    tasks, affinity = measure_affinity(
        cfg, args.checkpoint, args.batches, args.lr
    )
    result = describe(tasks, affinity.double().numpy())
    out.write_text(json_text(result) + '\n', encoding='utf-8')
    heat_map(
        affinity.numpy(),
        tasks,
        out.with_suffix('.png'),
        'affinity: a step for the row helps the column',
    )
    print(json.dumps(json.loads(json_text(result)), indent=1))
    print(table({f'for {k}': row for k, row in result['affinity'].items()}))
    return result


def describe(tasks: Sequence[str], affinity: np.ndarray) -> dict:
    """Affinities by name, and the best groups of 1 to T networks."""
    rows = {
        task: dict(zip(tasks, map(float, row), strict=True))
        for task, row in zip(tasks, affinity, strict=True)
    }
    # What was never labelled together is no reason for or against.
    known = np.nan_to_num(affinity)
    groupings = [
        {
            'networks': len(groups),
            'score': grouping_score(known, groups),
            'groups': [[tasks[k] for k in group] for group in groups],
        }
        for groups in best_groupings(known)
    ]
    best = max(groupings, key=lambda each: each['score'])
    return {'affinity': rows, 'groupings': groupings, 'best': best['groups']}


if __name__ == '__main__':
    main()
