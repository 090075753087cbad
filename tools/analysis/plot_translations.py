"""Draw what methods make of frames of the source, beside the target.

    python tools/analysis/plot_translations.py \
        configs/domain/day_to_night_{colour,fourier,translated}.py

A row is one frame of the synthetic world: in the source, as the transform of
each config changes it, and as it really is in the target. Printed is how far
each is from the last, as a mean over pixels in grey levels (0..255).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.config import Config, ConfigDict

from mmvmtl.apis import cli
from mmvmtl.apis.tiles import grid, titled, world_frame, write_picture
from mmvmtl.datasets.transforms import TranslateDomain
from mmvmtl.datasets.transforms.style_transfer import StyleTransfer
from mmvmtl.errors import UserError
from mmvmtl.registry import TRANSFORMS

Look = StyleTransfer | TranslateDomain


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('configs', nargs='+', help='of one target')
    parser.add_argument('--out', type=Path, default=Path('translations.png'))
    parser.add_argument(
        '--videos', nargs='+', type=int, default=[0, 1], help='of split val'
    )
    parser.add_argument('--frame', type=int, default=20, help='from 0')
    parser.add_argument('--seed', type=int, default=0, help='of the looks')
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> np.ndarray:
    """Draw all rows, write the picture and return it."""
    args = parse_args(argv)
    cli.check_writable(args.out.parent, '--out')
    np.random.seed(args.seed)
    cfgs = {Path(name).stem: cli.read_config(name) for name in args.configs}
    looks = {name: look_of(cfg, name) for name, cfg in cfgs.items()}
    source, target = worlds_of(next(iter(cfgs.values())))
    tiles = []
    apart: dict[str, list[float]] = {}
    for video in args.videos:
        frame, _ = world_frame(source, video, args.frame)
        row = {source['style']: frame}
        for name, look in looks.items():
            clip = dict(frames=[dict(img=frame.copy())])
            row[name] = look.transform(clip)['frames'][0]['img']
        goal, _ = world_frame(target, video, args.frame)
        for name, image in row.items():
            difference = np.abs(image.astype(float) - goal).mean()
            apart.setdefault(name, []).append(difference)
        row[target['style']] = goal
        tiles += [titled(image, name) for name, image in row.items()]
    for name, values in apart.items():
        print(f'{name:<32} {np.mean(values):5.1f} from {target["style"]}')
    picture = grid(tiles, len(row))
    write_picture(picture, args.out)
    return picture


def look_of(cfg: Config, name: str) -> Look:
    """The transform of training that changes the look, always applied.

    Raises:
        UserError: There is none, or more than one.
    """
    pipeline = cfg.train_dataloader.dataset.get('pipeline', [])
    classes = [TRANSFORMS.get(step['type']) for step in pipeline]
    found = [
        step
        for step, kind in zip(pipeline, classes, strict=True)
        if issubclass(kind, Look)
    ]
    if len(found) != 1:
        raise UserError(
            f'the training pipeline of {name} has {len(found)} transforms '
            'that change the look of a domain; give a config with one, such '
            'as configs/domain/day_to_night_colour.py.'
        )
    return TRANSFORMS.build({**found[0], 'prob': 1.0})


def worlds_of(cfg: Config) -> tuple[ConfigDict, ConfigDict]:
    """The worlds that a config trains on and is tested on.

    Raises:
        UserError: One of the data sets is not synthetic.
    """
    parts = cfg.train_dataloader.dataset, cfg.test_dataloader.dataset
    for part in parts:
        if 'world' not in part:
            raise UserError(
                f'{part["type"]} is no synthetic data set, in which alone '
                'the same frame can be drawn in both domains.'
            )
    return parts[0].world, parts[1].world


if __name__ == '__main__':
    main()
