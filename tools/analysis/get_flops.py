"""Parameters and multiply-adds: ``python tools/analysis/get_flops.py CONFIG``.

It stands in for MMDetection's ``get_flops.py``, which knows one image and
one head.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

# Importing mmvmtl applies mmvmtl.compat, before anything of OpenMMLab.
from mmvmtl.apis import cli
from mmvmtl.apis.complexity import complexity


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Count a model.')
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--shape',
        type=int,
        nargs=2,
        metavar=('H', 'W'),
        help="input in pixels; by itself, the config's input_size",
    )
    cli.add_cfg_options(parser)
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Print the table."""
    from mmengine.registry import MODELS, init_default_scope

    args = parse_args(argv)
    cfg = cli.read_config(args.config, args.cfg_options)
    init_default_scope(cfg.get('default_scope') or 'mmdet')
    model = MODELS.build(cfg.model)
    size = tuple(args.shape or model.data_preprocessor.input_size)
    print(f'one frame of {size[0]}×{size[1]} (h×w)')
    parts = complexity(model, size)
    whole = parts[-1]
    print(f'{"part":<24}{"parameters":>14}{"":7}{"multiply-adds":>18}')
    for name, parameters, flops in parts:
        shares = (
            f'{part / max(1, total):>7.1%}'
            for part, total in zip((parameters, flops), whole[1:], strict=True)
        )
        print(
            f'{name:<24}{parameters:>14,}{next(shares)}'
            f'{flops:>18,}{next(shares)}'
        )


if __name__ == '__main__':
    main()
