"""Draw the gradient cosines of a training that had a TelemetryHook.

python tools/analysis/plot_cosines.py work_dirs/run/*/vis_data/scalars.json
writes cosines.png, or what ``--out`` says.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmvmtl.apis import cli
from mmvmtl.apis.plots import curves
from mmvmtl.errors import UserError

KEY = 'telemetry.cos_'


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        'scalars',
        nargs='+',
        type=Path,
        help='scalars.json of a run; several if it was resumed',
    )
    parser.add_argument('--out', type=Path, default=Path('cosines.png'))
    parser.add_argument(
        '--smooth', type=int, default=10, help='points of the running mean'
    )
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> dict:
    """Read, draw, and print the mean of each pair."""
    args = parse_args(argv)
    if args.smooth < 1:
        raise UserError('--smooth must be at least 1.')
    cli.check_writable(args.out.parent, '--out')
    series = read_cosines(args.scalars)
    curves(series, args.out, 'cosine of task gradients', args.smooth)
    for name, (_, y) in series.items():
        print(f'{name:<24} mean {y.mean():+.3f}  least {y.min():+.3f}')
    print(f'wrote {args.out}')
    return series


def read_cosines(
    paths: Sequence[Path],
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Pair of tasks to iterations (N,) and cosines (N,), in order.

    Raises:
        UserError: a file can not be read, or there is no cosine.
    """
    found: dict[str, dict[int, float]] = {}
    for path in paths:
        try:
            rows = [json.loads(line) for line in path.read_text().splitlines()]
        except (OSError, ValueError) as error:
            raise UserError(f'{path} can not be read ({error}).') from None
        if not all(isinstance(row, dict) for row in rows):
            raise UserError(
                f'{path} has no scalars, one JSON object a line; give '
                'vis_data/scalars.json of a run.'
            )
        for row in rows:
            for key, value in row.items():
                if key.startswith(KEY) and math.isfinite(value):
                    pair = key[len(KEY) :].replace('_', ' – ')
                    found.setdefault(pair, {})[row['step']] = value
    if not found:
        raise UserError(
            f'there is no cosine in {", ".join(map(str, paths))}; train with '
            "custom_hooks=[dict(type='mmvmtl.TelemetryHook')]."
        )
    return {
        pair: (
            np.array(sorted(values)),
            np.array([values[step] for step in sorted(values)]),
        )
        for pair, values in found.items()
    }


if __name__ == '__main__':
    main()
