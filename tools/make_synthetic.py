"""Write the synthetic world as files.

    python tools/make_synthetic.py data/synthetic --train 200 --test 30

leaves annotations/{train,test}.json (CocoVID) and the pictures beside them.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from mmengine.config import DictAction

from mmvmtl.apis import cli
from mmvmtl.datasets.synthetic import SPLITS, make_world
from mmvmtl.datasets.synthetic.writer import FORMATS, write_world

WORLD = 'configs/_base_/datasets/synthetic_world.py'


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Write synthetic videos.')
    parser.add_argument('folder', help='where to write')
    parser.add_argument('--config', default=WORLD, help='with a dict `world`')
    for split in SPLITS:
        parser.add_argument(
            f'--{split}', type=int, default=0, help=f'videos of {split}'
        )
    parser.add_argument('--format', choices=FORMATS, default='jpg')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='world.style=fog'
    )
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Write the splits that were asked for."""
    args = parse_args(argv)
    cfg = cli.read_config(args.config, args.cfg_options)
    cli.check_writable(args.folder, 'another folder')
    for split in SPLITS:
        number = getattr(args, split)
        if number:
            world = make_world(cfg.world, split)
            path = write_world(world, number, args.folder, args.format)
            print(f'{number} videos of {split}: {path}')


if __name__ == '__main__':
    main()
