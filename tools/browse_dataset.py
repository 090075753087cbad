"""Draw what a model sees: ``python tools/browse_dataset.py CONFIG``.

Each PNG is one clip after the pipeline, frame beside frame, with boxes,
identities, velocity arrows (4 frames of motion) and labels. Ignored boxes
are grey.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS, init_default_scope
from mmengine.runner import set_random_seed

from mmvmtl.apis import browsing, cli
from mmvmtl.errors import UserError


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Draw what a model sees.')
    parser.add_argument('config', help='config file')
    parser.add_argument('--out-dir', help='work_dirs/browse/<config> if unset')
    parser.add_argument(
        '--split', choices=['train', 'val', 'test'], default='train'
    )
    parser.add_argument(
        '--number', type=int, default=8, help='clips, spread over the data'
    )
    parser.add_argument('--seed', type=int, default=0)
    return parser.parse_args(argv)


def build_dataset(cfg: Config, split: str) -> BaseDataset:
    """Build the data set of a split, its labels in pixels of its frames."""
    loader = cfg.get(f'{split}_dataloader')
    if loader is None:
        raise UserError(f'{cfg.filename} has no {split}_dataloader.')
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    return DATASETS.build(browsing.in_input_pixels(loader.dataset))


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Draw some clips."""
    args = parse_args(argv)
    cfg = cli.read_config(args.config)
    default = Path('work_dirs', 'browse', Path(args.config).stem)
    out_dir = Path(args.out_dir or default)
    cli.check_writable(out_dir, '--out-dir')
    set_random_seed(args.seed)
    dataset = build_dataset(cfg, args.split)
    count = min(args.number, len(dataset))
    for index in np.linspace(0, len(dataset) - 1, count).astype(int):
        path = out_dir / f'{args.split}_{index:06d}.png'
        browsing.draw_clip(dataset[int(index)], dataset.metainfo, path)
    print(f'{count} clips of {len(dataset)} drawn into {out_dir}')


if __name__ == '__main__':
    main()
