"""Convert MOT folders into one CocoVID file for ``mmvmtl.VideoMTLDataset``.

Frames 1 to 200 of a sequence of one class:
``python tools/dataset_converters/mot2cocovid.py data/zebrafish --classes
fish --frames 1 200 --out data/zebrafish/train.json``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from mmvmtl.apis import cli
from mmvmtl.apis.converting import write_cocovid
from mmvmtl.datasets.mot_files import list_sequences
from mmvmtl.datasets.mot_folder import MOTConverter


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Convert MOT folders into one CocoVID file.'
    )
    parser.add_argument('root', help='a MOT sequence, or a folder of some')
    parser.add_argument(
        '--classes',
        nargs='+',
        required=True,
        help='names of the classes 1, 2, ... of gt.txt',
    )
    parser.add_argument(
        '--sequences',
        nargs='+',
        help='folders below the root; all that have gt/gt.txt by default',
    )
    parser.add_argument(
        '--frames',
        nargs=2,
        type=int,
        metavar=('FIRST', 'LAST'),
        help='only these frames of each sequence, counted from 1',
    )
    parser.add_argument('--out', required=True, help='the .json to write')
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Convert."""
    args = parse_args(argv)
    converter = MOTConverter(args.root, args.classes)
    for sequence in args.sequences or list_sequences(args.root):
        converter.add(sequence, args.frames)
    counts = write_cocovid(args.out, converter.content)
    print(f'{counts}; {converter.outside} boxes outside images')


if __name__ == '__main__':
    main()
