"""Adapt a checkpoint to K labelled frames.

    python tools/adapt.py configs/meta/anil_new_domain.py CHECKPOINT --shots 5

The config's ``adapt`` says from which data set the frames come, which parts
move, and with which rate and steps; its test data measure before and after.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

# Importing mmvmtl applies mmvmtl.compat, before anything of OpenMMLab.
from mmengine.registry import DATASETS

from mmvmtl.apis import cli
from mmvmtl.apis.adaptation import (
    adapt,
    adaptation_of,
    load_for_adaptation,
    take_shots,
)
from mmvmtl.engine.hooks.class_check_hook import check_class_counts
from mmvmtl.errors import UserError


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Adapt to K frames.')
    parser.add_argument('config', help='config file with an adapt section')
    parser.add_argument('checkpoint', help='where to start from')
    parser.add_argument('--shots', type=int, default=5, help='K')
    parser.add_argument('--seed', type=int, default=0, help='of the draw')
    parser.add_argument(
        '--out', default='adapted.pth', help='adapted checkpoint'
    )
    cli.add_work_options(parser)
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Adapt, measure, save."""
    args = parse_args(argv)
    cfg = cli.load_config(args)
    if 'adapt' not in cfg:
        raise UserError(
            f'the config {args.config} has no adapt section; give it '
            'adapt=dict(dataset=..., lr=..., steps=..., parts=...).'
        )
    how = adaptation_of(cfg.adapt, 'adapt')
    if 'dataset' not in cfg.adapt:
        raise UserError(
            f'the adapt section of {args.config} has no dataset, of which '
            'the labelled frames are; give it adapt=dict(dataset=...).'
        )
    if Path(args.out).suffix == '.json':
        raise UserError(
            f'--out {args.out} is the name of the metrics beside the '
            'checkpoint; give the checkpoint another one, such as '
            f'{Path(args.out).with_suffix(".pth")}.'
        )
    cli.check_checkpoint(args.checkpoint)
    cli.check_writable(Path(args.out).parent, '--out')
    cfg.load_from, cfg.resume = None, False
    runner = cli.build_runner(cfg)
    load_for_adaptation(runner.model, args.checkpoint)
    dataset = DATASETS.build(cfg.adapt.dataset)
    check_class_counts(runner.model, dataset.metainfo, 'adapt.dataset')
    support = take_shots(dataset, args.shots, args.seed)
    before = runner.test()
    adapt(runner.model, support, how)
    after = runner.test()
    runner.save_checkpoint(
        str(Path(args.out).parent), Path(args.out).name,
        save_optimizer=False, save_param_scheduler=False, by_epoch=False,
    )  # fmt: skip
    result = dict(shots=args.shots, before=before, after=after)
    Path(args.out).with_suffix('.json').write_text(json.dumps(result))
    print(f'wrote {args.out} and its metrics beside it')


if __name__ == '__main__':
    main()
