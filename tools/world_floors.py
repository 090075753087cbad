r"""Print what shortcuts reach on the synthetic world, quoted by every result.

    python tools/world_floors.py --untrained \
        configs/synthetic/video_mtl_rtmdet_tiny.py

A floor that needs training (a detector on a tenth of the data, the stock
RTMDet-tiny) is trained with tools/train.py; `--results` merges the scores
that such runs left as JSON files.
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
from mmvmtl.apis.result_file import write_result
from mmvmtl.datasets.synthetic import make_world
from mmvmtl.errors import UserError


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Floors of a world.')
    parser.add_argument(
        'config',
        nargs='?',
        default='configs/_base_/datasets/synthetic_world.py',
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
        default=[],
        metavar='NAME=FILE',
        help='scores of trained floors to merge in, as NAME/<metric>',
    )
    parser.add_argument('--out', help='result file to write')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    return parser.parse_args(argv)


def read_results(pairs: Sequence[str]) -> dict[str, float]:
    """Merge ``NAME=FILE`` JSON files of scores.

    Raises:
        UserError: If a file is missing or is no JSON object.
    """
    merged = {}
    for pair in pairs:
        name, _, path = pair.rpartition('=')
        try:
            scores = json.loads(Path(path).read_text())
        except (OSError, ValueError) as error:
            raise UserError(
                f'the results {path} can not be read ({error}); give '
                'NAME=FILE of a JSON object of scores.'
            ) from None
        scores = scores.get('metrics', scores)
        for key, value in scores.items():
            # A result file has one number a seed.
            value = mean(value) if isinstance(value, list) else value
            merged[f'{name or Path(path).stem}/{key}'] = value
    return merged


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> dict:
    """Measure the floors and print them."""
    args = parse_args(argv)
    cfg = cli.read_config(args.config, args.cfg_options)
    world = make_world(cfg.world, args.split)
    train = make_world(cfg.world, 'train')
    floors = world_floors.reid_floors(world, args.videos)
    floors |= world_floors.single_frame_floors(
        train, world, args.train_videos, args.videos
    )
    floors |= world_floors.track_floors(world, args.videos)
    if args.untrained:
        floors |= world_floors.untrained_floor(cfg)
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
