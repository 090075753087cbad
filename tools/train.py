"""Train a model: ``python tools/train.py configs/...``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

# Importing mmvmtl applies mmvmtl.compat, before anything of OpenMMLab.
from mmvmtl.apis import cli
from mmvmtl.apis.start import check_start
from mmvmtl.apis.train_options import (
    apply_amp,
    apply_auto_scale_lr,
    apply_resume,
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Train a model.')
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='go on from this checkpoint; without a path, from the latest '
        'one in the work folder',
    )
    parser.add_argument(
        '--amp', action='store_true', help='mixed precision (bfloat16 on CPU)'
    )
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate by batch size / base_batch_size',
    )
    parser.add_argument(
        '--trust', action='store_true', help='run code of the checkpoint'
    )
    cli.add_runner_options(parser)
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Train."""
    args = parse_args(argv)
    cfg = cli.load_config(args)
    apply_resume(cfg, args.resume)
    if args.amp:
        apply_amp(cfg)
    if args.auto_scale_lr:
        apply_auto_scale_lr(cfg)
    runner = cli.build_runner(cfg)
    check_start(runner, cfg, args.trust)
    runner.train()


if __name__ == '__main__':
    main()
