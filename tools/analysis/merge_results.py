"""Join result files of one benchmark that ran in pieces.

    python tools/analysis/merge_results.py one.json other.json --out both.json

The pieces may have other seeds, of all rows or of some, and other rows: hours
of runs can be shared by several machines. Where the pieces differ in commit,
machine, command and so on, all are listed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence

from mmvmtl.apis import cli
from mmvmtl.apis.result_file import FIELDS, read_result, save_result
from mmvmtl.errors import UserError

#: One run: metric name to number.
Run = dict[str, float | None]


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('files', nargs='+', help='results of one tool')
    parser.add_argument('--out', required=True, help='result file')
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> dict:
    """Read, join, write."""
    args = parse_args(argv)
    merged = merge({path: read_result(path) for path in args.files})
    save_result(args.out, merged)
    return merged


def merge(results: Mapping[str, Mapping]) -> dict:
    """One result of several.

    Args:
        results (dict): by file name the content of a result file.

    Returns:
        dict: the content of a result file. Seeds ascend, and a row that has
        not all of them lists its own. The metrics of the whole are, by seed,
        those of the first file that has it.

    Raises:
        UserError: A seed of a row stands in two files.
    """
    every = list(results.values())
    seeds = sorted({seed for result in every for seed in result['seeds']})
    whole: dict[int, Run] = {}
    parts: dict[str, dict[str, dict]] = {}
    for file, result in results.items():
        whole = runs_of(result) | whole
        for name, row in result.get('rows', {}).items():
            part = {'seeds': result['seeds'], **row}
            parts.setdefault(name, {})[file] = part
    rows = {name: merge_row(name, found) for name, found in parts.items()}
    for row in rows.values():
        if row['seeds'] == seeds:
            del row['seeds']
    return {
        **{name: in_common([r[name] for r in every]) for name in FIELDS},
        'seeds': seeds,
        'metrics': by_metric(whole),
        'rows': rows,
    }


def merge_row(name: str, parts: Mapping[str, Mapping]) -> dict:
    """One row of its parts in the files, each with its seeds."""
    runs: dict[int, Run] = {}
    for file, part in parts.items():
        for seed, run in runs_of(part).items():
            if seed in runs:
                raise UserError(
                    f"row '{name}' has seed {seed} in {file} and in a file "
                    'before it; take it out of one of them.'
                )
            runs[seed] = run
    merged = {
        key: in_common([part[key] for part in parts.values() if key in part])
        for key in keys(parts.values())
    }
    return {**merged, 'seeds': sorted(runs), 'metrics': by_metric(runs)}


def runs_of(row: Mapping) -> dict[int, Run]:
    """By seed the metrics of a row.

    Raises:
        UserError: Seeds do not tell its runs apart.
    """
    if len(set(row['seeds'])) < len(row['seeds']):
        raise UserError(
            f'runs of one file share a seed ({row["seeds"]}), as folds do, '
            'and can not be joined with others.'
        )
    return {
        seed: {name: values[i] for name, values in row['metrics'].items()}
        for i, seed in enumerate(row['seeds'])
    }


def by_metric(runs: Mapping[int, Run]) -> dict[str, list]:
    """Metric name to one number per seed; None where a run has none."""
    return {
        name: [runs[seed].get(name) for seed in sorted(runs)]
        for name in keys(runs.values())
    }


def in_common(values: Sequence) -> object:
    """The value if all have the same, else each in turn as one text."""
    if all(value == values[0] for value in values):
        return values[0]
    if all(isinstance(value, Mapping) for value in values):
        return {
            key: in_common([value[key] for value in values if key in value])
            for key in keys(values)
        }
    return '; '.join(dict.fromkeys(str(value) for value in values))


def keys(mappings: Iterable[Mapping]) -> list[str]:
    """The keys of all, in the order in which they come."""
    return list(dict.fromkeys(key for each in mappings for key in each))


if __name__ == '__main__':
    main()
