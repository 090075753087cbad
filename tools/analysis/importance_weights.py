"""Importance of each training clip for another domain.

    python tools/analysis/importance_weights.py CONFIG CHECKPOINT \
        --source day --target fog --out work_dirs/weights.json

A discriminator tells target from source by the features of a trained model,
averaged over pictures and frames; the ratio of its odds says how much more
likely a clip is in the target. The file has one weight for each index of the
training data set, for ``mmvmtl.ImportanceSampler``: those of the target get
0, of further domains 1.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Hashable, Sequence
from itertools import compress
from pathlib import Path

import torch

# Importing mmvmtl applies mmvmtl.compat, before anything of OpenMMLab.
from mmvmtl.apis import cli
from mmvmtl.apis.clip_features import clip_features
from mmvmtl.errors import UserError
from mmvmtl.models.domain.density_ratio import (
    bounded,
    density_ratio,
    effective_sample_size,
    skada_ratio,
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='config with both domains in training')
    parser.add_argument('checkpoint', help='of a model trained on the source')
    parser.add_argument('--source', required=True, help='domain with labels')
    parser.add_argument('--target', required=True, help='domain of interest')
    parser.add_argument('--out', required=True, help='JSON file of weights')
    parser.add_argument(
        '--estimator',
        default='logistic',
        help="'logistic', or one of skada's, such as Gaussian or Density",
    )
    parser.add_argument(
        '--largest', type=float, default=5.0, help='bound, in means'
    )
    cli.add_cfg_options(parser)
    return parser.parse_args(argv)


def weigh(
    rows: torch.Tensor,
    domains: Sequence[str | None],
    videos: Sequence[Hashable],
    args: argparse.Namespace,
) -> dict:
    """The content of the file.

    Raises:
        UserError: Of a domain without clips, or with those of one video, or
            options that weigh nothing.
    """
    if args.source == args.target:
        raise UserError(
            f"--source and --target are both '{args.source}'; name two "
            'domains.'
        )
    if not args.largest >= 1:
        raise UserError(f'--largest {args.largest} must be at least 1.')
    masks = {}
    for name in (args.source, args.target):
        masks[name] = torch.tensor([domain == name for domain in domains])
        if not masks[name].any():
            have = ', '.join(sorted({str(domain) for domain in domains}))
            raise UserError(
                f"no training clip is of the domain '{name}': the config's "
                f'training data have {have}'
            )
    parts = rows[masks[args.source]], rows[masks[args.target]]
    if args.estimator == 'logistic':
        seen = [list(compress(videos, mask)) for mask in masks.values()]
        found = density_ratio(*parts, videos=(seen[0], seen[1]))
    else:
        found = skada_ratio(*parts, args.estimator)
    found = bounded(found, args.largest)
    weights = torch.ones(len(rows), dtype=torch.float64)
    weights[masks[args.source]] = found
    weights[masks[args.target]] = 0
    return dict(
        source=args.source,
        target=args.target,
        estimator=args.estimator,
        number=len(found),
        effective_sample_size=effective_sample_size(found),
        weights=weights.tolist(),
    )


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Write the weights, print how many clips they are worth."""
    args = parse_args(argv)
    cfg = cli.read_config(args.config, args.cfg_options)
    cli.check_checkpoint(args.checkpoint)
    content = weigh(*clip_features(cfg, args.checkpoint), args)
    path = Path(args.out)
    cli.check_writable(path.parent, '--out')
    path.write_text(json.dumps(content) + '\n')
    print(
        f'{content["number"]} clips of {args.source} count for '
        f'{args.target} as {content["effective_sample_size"]:.1f}: {path}'
    )


if __name__ == '__main__':
    main()
