"""Compare a joint model with the models of its data sets alone.

    python tools/analysis/joint_against_alone.py \
        docs/results/three_datasets.json

Reads what tools/bench_training.py wrote: the first row is the joint model,
each other row a data set by the name that its metrics begin with. Prints the
mean over seeds of the main number of each task and its relative change. A
task counts as worse if the joint model loses more than 10 %; one whose own
model stays under 0.10 is told, not judged. Exits with 1 if any is worse.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from statistics import mean

from mmvmtl.apis import cli
from mmvmtl.apis.result_file import read_result
from mmvmtl.errors import UserError

#: The main number of each task, and what brings it to 0..1.
MAIN = {
    'det/mAP50': 1.0,
    'track/HOTA': 0.01,
    'reid/rank1': 1.0,
    'cls/clip_top1': 1.0,
}
LEAST = 0.10
ALLOWED = -0.10


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('result', help='file of tools/bench_training.py')
    return parser.parse_args(argv)


def compare(
    rows: Mapping[str, Mapping],
) -> Iterator[tuple[str, float, float, str]]:
    """Yield (metric, alone 0..1, joint 0..1, verdict) of each task.

    Raises:
        UserError: If a number is missing on one side.
    """
    joint, *others = rows
    for name in others:
        alone = rows[name]['metrics']
        if not any(f'{name}/{key}' in alone for key in MAIN):
            raise UserError(
                f"the row '{name}' has no metric of a data set '{name}' to "
                'compare; name rows after data sets.'
            )
        for key, scale in MAIN.items():
            metric = f'{name}/{key}'
            if metric not in alone:
                continue
            values = [
                rows[row]['metrics'].get(metric) for row in (name, joint)
            ]
            if any(value is None or None in value for value in values):
                raise UserError(
                    f"{metric} is not known of both '{name}' and '{joint}'; "
                    'run the bench again.'
                )
            single, both = (scale * mean(value) for value in values)
            yield metric, single, both, verdict(single, both)


def verdict(single: float, joint: float) -> str:
    """What the numbers (0..1) of a task say."""
    if single < LEAST:
        return 'not judged'
    return 'holds' if joint / single - 1 >= ALLOWED else 'worse'


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Print the table."""
    args = parse_args(argv)
    rows = read_result(args.result).get('rows') or {}
    if len(rows) < 2:
        raise UserError(
            f'{args.result} has no rows to compare; write it with '
            'tools/bench_training.py --rows joint=... alone=...'
        )
    found = list(compare(rows))
    print('| metric | alone | joint | change | verdict |')
    print('| --- | ---: | ---: | ---: | --- |')
    for metric, single, joint, said in found:
        change = f'{joint / single - 1:+.1%}' if single else ''
        print(f'| {metric} | {single:.3f} | {joint:.3f} | {change} | {said} |')
    if any(said == 'worse' for *_, said in found):
        raise SystemExit(1)


if __name__ == '__main__':
    main()
