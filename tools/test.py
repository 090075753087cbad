"""Evaluate a checkpoint: ``python tools/test.py CONFIG CHECKPOINT``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

# Importing mmvmtl applies mmvmtl.compat, before anything of OpenMMLab.
from mmvmtl.apis import cli
from mmvmtl.apis.test_options import (
    check_is_data,
    check_out,
    collect_predictions,
    draw_into,
    write_out,
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Evaluate a checkpoint.')
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument(
        '--out',
        help='write metrics and predictions to this .json file, or the '
        'predicted data samples to this .pkl file',
    )
    parser.add_argument(
        '--show-dir',
        help='write drawn frames into this folder, relative to '
        'work_dir/timestamp',
    )
    parser.add_argument(
        '--trust', action='store_true', help='run code of the checkpoint'
    )
    cli.add_runner_options(parser)
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Evaluate."""
    args = parse_args(argv)
    check_out(args.out)
    cfg = cli.load_config(args)
    cfg.load_from = check_is_data(args.checkpoint, args.trust)
    cfg.resume = False
    if args.show_dir:
        draw_into(cfg, args.show_dir)
    runner = cli.build_runner(cfg)
    dump = collect_predictions(runner, args.out)
    metrics = runner.test()
    write_out(args.out, metrics, dump)


if __name__ == '__main__':
    main()
