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
from mmvmtl.datasets.synthetic.styles import STYLES
from mmvmtl.datasets.synthetic.world import make_world
from mmvmtl.errors import UserError

#: Pixels of the line with the name above a picture, and between pictures.
HEAD, GAP = 24, 4


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
    if args.columns < 1 or args.video < 0:
        raise UserError('--columns must be at least 1, --video at least 0.')
    cli.check_writable(args.out.parent, '--out')
    tiles = [
        titled(frame_in(name, args.video, args.frame), name)
        for name in args.domains
    ]
    picture = grid(tiles, args.columns)
    if not cv2.imwrite(str(args.out), picture):
        raise UserError(f'{args.out} can not be written; name a .png file.')
    print(f'wrote {args.out}')
    return picture


def frame_in(domain: str, video: int, frame: int) -> np.ndarray:
    """A frame of the world, (H, W, 3) BGR, with its boxes.

    Raises:
        UserError: There is no such domain, or no such frame.
    """
    made = make_world(dict(style=domain), 'val', None).video(video)
    if not 0 <= frame < made.length:
        raise UserError(
            f'--frame {frame}: video {video} has the frames 0 to '
            f'{made.length - 1}.'
        )
    image, truth = made.frame(frame)
    for x1, y1, x2, y2 in truth['bboxes'].round().astype(int).tolist():
        cv2.rectangle(image, (x1, y1), (x2, y2), (80, 220, 80), 1)
    return image


def titled(image: np.ndarray, name: str) -> np.ndarray:
    """The picture below a white line with its name."""
    head = np.full((HEAD, image.shape[1], 3), 255, np.uint8)
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(head, name, (4, 17), font, 0.55, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([head, image])


def grid(tiles: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Pictures of one size row by row, white where there is none."""
    height, width = tiles[0].shape[:2]
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    shape = (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3)
    whole = np.full(shape, 255, np.uint8)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        y, x = row * (height + GAP), column * (width + GAP)
        whole[y : y + height, x : x + width] = tile
    return whole


if __name__ == '__main__':
    main()
