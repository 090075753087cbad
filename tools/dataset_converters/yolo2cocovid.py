"""Convert images with YOLO labels into one CocoVID file.

The first 94 labelled images, only persons kept when it is read:
``python tools/dataset_converters/yolo2cocovid.py data/coco128 --part 0 94
--out data/coco128/train.json``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from mmvmtl.apis import cli
from mmvmtl.apis.converting import write_cocovid
from mmvmtl.datasets.yolo_dataset import coco_names
from mmvmtl.datasets.yolo_folder import YOLOConverter


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Convert images with YOLO labels into one CocoVID file.'
    )
    parser.add_argument('root', help='the folder of images/ and labels/')
    parser.add_argument(
        '--classes',
        nargs='+',
        help='names of the classes 0, 1, ...; the 80 of COCO by default',
    )
    parser.add_argument(
        '--part',
        nargs=2,
        type=int,
        metavar=('FIRST', 'STOP'),
        help='only these labelled images by name, from 0, half-open',
    )
    parser.add_argument('--out', required=True, help='the .json to write')
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Convert."""
    args = parse_args(argv)
    converter = YOLOConverter(args.root, args.classes or coco_names())
    converter.add(args.part)
    counts = write_cocovid(args.out, converter.content)
    print(
        f'{counts}; left out: {converter.unlabelled} images without labels, '
        f'{converter.orphans} labels without an image, {converter.outside} '
        'boxes outside images'
    )


if __name__ == '__main__':
    main()
