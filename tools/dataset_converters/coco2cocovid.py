"""Convert a COCO detection file: every image becomes a video of one frame.

``python tools/dataset_converters/coco2cocovid.py
data/coco/annotations/instances_val2017.json --out data/coco/val.json``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from mmvmtl.apis import cli
from mmvmtl.apis.converting import write_cocovid
from mmvmtl.errors import UserError


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('annotations', help='the COCO .json')
    parser.add_argument('--out', required=True, help='the .json to write')
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Convert."""
    args = parse_args(argv)
    coco = read_coco(args.annotations)
    content = as_videos(coco)
    left_out = len(coco['annotations']) - len(content['annotations'])
    counts = write_cocovid(args.out, content)
    print(f'{counts}; left out: {left_out} boxes without area')


def read_coco(path: str) -> dict:
    """A COCO detection file.

    Raises:
        UserError: It can not be read, or is no such file.
    """
    try:
        content = json.loads(Path(path).read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise UserError(
            f'{path} can not be read as JSON ({error}); give the annotation '
            'file of a COCO data set.'
        ) from None
    for key in ('images', 'annotations', 'categories'):
        if not isinstance(content, dict) or key not in content:
            raise UserError(
                f"{path} has no '{key}'; give the annotation file of a COCO "
                'data set.'
            )
    return content


def as_videos(coco: dict) -> dict:
    """The same boxes as CocoVID; crowds are regions to ignore.

    Boxes that ``CocoDataset`` of MMDet drops are left out: narrower than a
    pixel, or outside of their image.
    """
    images = {image['id']: image for image in coco['images']}
    return dict(
        videos=[
            dict(
                id=image['id'],
                name=image['file_name'],
                width=image['width'],
                height=image['height'],
            )
            for image in coco['images']
        ],
        images=[
            dict(
                id=image['id'],
                video_id=image['id'],
                frame_id=0,
                file_name=image['file_name'],
            )
            for image in coco['images']
        ],
        annotations=[
            dict(
                id=box['id'],
                image_id=box['image_id'],
                video_id=box['image_id'],
                category_id=box['category_id'],
                bbox=box['bbox'],
                ignore=bool(box.get('iscrowd')),
            )
            for box in coco['annotations']
            if _counts(box['bbox'], images[box['image_id']])
        ],
        categories=[
            dict(id=category['id'], name=category['name'])
            for category in coco['categories']
        ],
    )


def _counts(bbox: Sequence[float], image: dict) -> bool:
    x, y, width, height = bbox
    inside = (
        x < image['width']
        and y < image['height']
        and x + width > 0
        and y + height > 0
    )
    return width >= 1 and height >= 1 and inside


if __name__ == '__main__':
    main()
