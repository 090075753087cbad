r"""Print what shortcuts reach on the synthetic world, quoted by every result.

    python tools/world_floors.py --untrained \
        configs/synthetic/video_mtl_rtmdet_tiny.py

Floors that need training, a detector on a tenth of the data and MMDet's own
RTMDet-tiny, are rows of what `make bench-seeds` writes; for the frozen world
they are read from there. `--results` names other files of scores.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from mmengine.config import DictAction

from mmvmtl.apis import cli, world_floors
from mmvmtl.apis.result_file import ROOT, read_result, write_result
from mmvmtl.datasets.synthetic import make_world
from mmvmtl.errors import UserError

WORLD = 'configs/_base_/datasets/synthetic_world.py'
#: Networks that `make bench-seeds` trains on this world, to be floors.
SEEDS = ROOT / 'docs' / 'results' / 'seeds.json'
TRAINED = ('alone_tenth', 'stock', 'stock_muon')


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Floors of a world.')
    parser.add_argument(
        'config',
        nargs='?',
        default=WORLD,
        help='with a dict `world`',
    )
    parser.add_argument('--split', choices=['val', 'test'], default='test')
    parser.add_argument('--videos', type=int, default=30)
    parser.add_argument('--train-videos', type=int, default=300)
    parser.add_argument(
        '--untrained',
        action='store_true',
        help="also the rank-1 of the config's network as initialised",
    )
    parser.add_argument(
        '--results',
        nargs='*',
        metavar='NAME=FILE[:ROW]',
        help='scores of trained floors to merge in, as NAME/<metric>; those '
        'of the frozen world if left out',
    )
    parser.add_argument('--out', help='result file to write')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    return parser.parse_args(argv)


def trained_floors(world: dict, split: str) -> dict[str, float]:
    """Scores of the networks :data:`TRAINED`, as far as they were measured.

    Another world, or its other videos, has floors of its own: none here.
    """
    frozen = cli.read_config(str(ROOT / WORLD)).world
    if not SEEDS.is_file() or split != 'test' or world != frozen:
        return {}
    rows = read_result(SEEDS).get('rows', {})
    found = {}
    for name in TRAINED:
        if name in rows:
            found |= _named(name, rows[name]['metrics'])
    return found


def read_results(pairs: Sequence[str]) -> dict[str, float]:
    """Merge JSON files of scores, ``NAME=FILE`` or ``NAME=FILE:ROW``.

    Without a name, scores have that of their row or file.

    Raises:
        UserError: If a file is missing or is no JSON object, or has no such
            row.
    """
    merged = {}
    for pair in pairs:
        name, _, place = pair.rpartition('=')
        path, _, row = place.partition(':')
        merged |= _named(name or row or Path(path).stem, _scores(path, row))
    return merged


def _named(name: str, scores: dict) -> dict[str, float]:
    # A result file has one number a seed.
    means = {
        key: mean(value) if isinstance(value, list) else value
        for key, value in scores.items()
    }
    # COCO's -1 says that there is no such box.
    return {f'{name}/{k}': v for k, v in means.items() if v != -1}


def _scores(path: str, row: str) -> dict:
    try:
        scores = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise UserError(
            f'the results {path} can not be read ({error}); give '
            'NAME=FILE of a JSON object of scores.'
        ) from None
    if row:
        rows = scores.get('rows', {})
        if row not in rows:
            raise UserError(
                f"the results {path} have no row '{row}'; choose of "
                f'{", ".join(rows) or "none"}.'
            )
        scores = rows[row]
    return scores.get('metrics', scores)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> dict:
    """Measure the floors and print them."""
    args = parse_args(argv)
    cfg = cli.read_config(args.config, args.cfg_options)
    if args.untrained and 'model' not in cfg:
        raise UserError(
            f'--untrained needs a network, and {args.config} has no model; '
            'give a config such as '
            'configs/synthetic/video_mtl_rtmdet_tiny.py.'
        )
    world = make_world(cfg.world, args.split)
    train = make_world(cfg.world, 'train')
    floors = world_floors.reid_floors(world, args.videos)
    floors |= world_floors.single_frame_floors(
        train, world, args.train_videos, args.videos
    )
    floors |= world_floors.track_floors(world, args.videos)
    if args.untrained:
        floors |= world_floors.untrained_floor(cfg)
    if args.results is None:
        floors |= trained_floors(cfg.world, args.split)
    else:
        floors |= read_results(args.results)
    for name, value in floors.items():
        print(f'{name:<40} {value:8.3f}')
    if args.out:
        given = sys.argv[1:] if argv is None else argv
        write_result(
            args.out,
            floors,
            command=['python', 'tools/world_floors.py', *given],
            config=args.config,
            seeds=[0],
        )
    return floors


if __name__ == '__main__':
    main()
