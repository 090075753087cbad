"""Draw one frame of the synthetic world in each of its domains.

    python tools/analysis/plot_domains.py --out docs/images/domains.png

Video and frame are the same in all of them, and so are the boxes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from mmvmtl.apis import cli
from mmvmtl.apis.tiles import grid, titled, world_frame, write_picture
from mmvmtl.datasets.synthetic.styles import STYLES
from mmvmtl.errors import UserError


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, default=Path('domains.png'))
    parser.add_argument(
        '--domains', nargs='+', default=list(STYLES), metavar='NAME'
    )
    parser.add_argument('--video', type=int, default=0, help='of split val')
    parser.add_argument('--frame', type=int, default=20, help='from 0')
    parser.add_argument('--columns', type=int, default=3)
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> np.ndarray:
    """Draw all domains, write the picture and return it."""
    args = parse_args(argv)
    if args.columns < 1:
        raise UserError('--columns must be at least 1.')
    cli.check_writable(args.out.parent, '--out')
    tiles = [
        titled(frame_in(name, args.video, args.frame), name)
        for name in args.domains
    ]
    picture = grid(tiles, args.columns)
    write_picture(picture, args.out)
    return picture


def frame_in(domain: str, video: int, frame: int) -> np.ndarray:
    """A frame of the world, (H, W, 3) BGR, with its boxes.

    Raises:
        UserError: There is no such domain, or no such frame.
    """
    image, truth = world_frame(dict(style=domain), video, frame)
    for x1, y1, x2, y2 in truth['bboxes'].round().astype(int).tolist():
        cv2.rectangle(image, (x1, y1), (x2, y2), (80, 220, 80), 1)
    return image


if __name__ == '__main__':
    main()
