"""Convert videos with a ``segments.csv`` into one CocoVID file.

``python tools/dataset_converters/segments2cocovid.py data/fir_action
--classes walk standup sit=sit,sitdown fall=falling,falled
lie=lying,sleeping --drop active --out data/fir_action/all.json``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from mmvmtl.apis import cli
from mmvmtl.apis.converting import write_cocovid
from mmvmtl.datasets.segment_folder import SegmentConverter


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Convert videos with a segments.csv into a CocoVID file.'
    )
    parser.add_argument('root', help='folder of segments.csv and videos/')
    parser.add_argument(
        '--classes',
        nargs='+',
        required=True,
        metavar='CLASS[=RAW,RAW]',
        help='the classes in order, and the raw labels of each if it is not '
        'its own name alone',
    )
    parser.add_argument(
        '--drop', nargs='+', default=[], help='raw labels to leave out'
    )
    parser.add_argument(
        '--videos', nargs='+', help='only these; all by default'
    )
    parser.add_argument('--out', required=True, help='the .json to write')
    return parser.parse_args(argv)


def merged(words: Sequence[str]) -> dict[str, list[str]]:
    """Raw labels by class from ``CLASS`` or ``CLASS=RAW,RAW``."""
    pairs = [word.partition('=') for word in words]
    return {name: (raw or name).split(',') for name, _, raw in pairs}


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Convert."""
    args = parse_args(argv)
    converter = SegmentConverter(args.root, merged(args.classes), args.drop)
    for video in args.videos or converter.videos:
        converter.add(video)
    print(write_cocovid(args.out, converter.content))


if __name__ == '__main__':
    main()
