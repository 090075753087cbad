"""Write the tables of the documentation from ``docs/results/*.json``.

    python tools/analysis/make_tables.py [--check]

A table stands between ``<!-- results:NAME -->`` and ``<!-- /results -->`` in
README.md or a page of docs/. Names of metrics behind ``NAME`` give the short
form, one line of these; ``rows:`` before them a line for each row. Without
any, all metrics and rows are shown. Where ``NAME.json`` does not exist yet,
nothing is.
"""

from __future__ import annotations

import argparse
import itertools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from mmvmtl.apis import cli
from mmvmtl.apis.result_file import read_result
from mmvmtl.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(
    r'(<!-- results:(\S+)([^>]*?) -->\n).*?(<!-- /results -->)', re.DOTALL
)
DASH = '–'

Values = Sequence[float | None]


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--check',
        action='store_true',
        help='write nothing, fail if a page is stale',
    )
    parser.add_argument(
        '--root', type=Path, default=ROOT, help='folder of README.md and docs'
    )
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> list[Path]:
    """Write the pages whose tables changed and return them.

    Raises:
        UserError: With ``--check``, a page is stale.
    """
    args = parse_args(argv)
    stale = []
    for page in pages(args.root):
        old = page.read_text(encoding='utf-8')
        new = with_tables(old, args.root / 'docs' / 'results')
        if new == old:
            continue
        stale.append(page)
        if not args.check:
            page.write_text(new, encoding='utf-8')
            print(f'wrote {page.relative_to(args.root)}')
    if args.check and stale:
        names = ', '.join(str(page.relative_to(args.root)) for page in stale)
        raise UserError(
            f'the tables in {names} are not those of docs/results; run '
            'python tools/analysis/make_tables.py.'
        )
    return stale


def pages(root: Path) -> list[Path]:
    """README.md and every page of docs/."""
    found = [root / 'README.md', *sorted((root / 'docs').rglob('*.md'))]
    return [page for page in found if page.is_file()]


def with_tables(text: str, folder: Path) -> str:
    """The page ``text`` with the tables of the results in ``folder``.

    Raises:
        UserError: A result can not be read or lacks a metric.
    """

    def fill(match: re.Match) -> str:
        begin, name, chosen, end = match.groups()
        path = folder / f'{name}.json'
        if not path.is_file():
            return begin + end
        try:
            tables = render(read_result(path), chosen.split())
        except KeyError as error:
            raise UserError(
                f'the result {path} has no metric {error}; correct the line '
                f'{begin.strip()}.'
            ) from None
        return f'{begin}\n{tables}\n\n{end}'

    return BLOCK.sub(fill, text)


def render(result: Mapping, chosen: Sequence[str] = ()) -> str:
    """Tables of a result and a line that says where it comes from.

    Raises:
        KeyError: It lacks one of the ``chosen`` metrics.
    """
    metrics, rows = result['metrics'], result.get('rows') or {}
    if chosen and chosen[0] == 'rows:':
        parts = [_short_rows(rows, chosen[1:])]
    elif chosen:
        parts = [_table(chosen, [[cell(metrics[name]) for name in chosen]])]
    else:
        lines = [[name, cell(values)] for name, values in metrics.items()]
        parts = [_table(['metric', 'value'], lines)] if lines else []
        parts += _row_tables(rows)
    return '\n\n'.join([*parts, _origin(result)])


def _short_rows(rows: Mapping[str, Mapping], chosen: Sequence[str]) -> str:
    """A line for each row; what only others have is a dash."""
    found = {name: row['metrics'] for name, row in rows.items()}
    for metric in chosen:
        if not any(metric in values for values in found.values()):
            raise KeyError(metric)
    lines = [
        [name, *(cell(values.get(metric, ())) for metric in chosen)]
        for name, values in found.items()
    ]
    return _table(['', *chosen], lines)


def _row_tables(rows: Mapping[str, Mapping]) -> list[str]:
    """A table for each run of rows that have the same metrics."""
    tables = []
    named = [(name, row['metrics']) for name, row in rows.items()]
    for names, group in itertools.groupby(named, key=lambda r: tuple(r[1])):
        lines = [
            [name, *(cell(values[metric]) for metric in names)]
            for name, values in group
        ]
        tables.append(_table(['', *names], lines))
    return tables


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rule = ['---', *['---:'] * (len(head) - 1)]
    return '\n'.join(
        f'| {" | ".join(line)} |' for line in [head, rule, *lines]
    )


def cell(values: Values) -> str:
    """Mean over seeds, with least and largest where they differ."""
    known = [value for value in values if value is not None]
    if not known:
        return DASH
    mean = number(sum(known) / len(known))
    if min(known) == max(known):
        return mean
    return f'{mean} ({number(min(known))}{DASH}{number(max(known))})'


def number(value: float) -> str:
    """Three digits that count; whole numbers and thousands as they are."""
    if value == int(value) or abs(value) >= 1000:
        return f'{value:.0f}'
    return f'{value:#.3g}'.rstrip('.')


def _origin(result: Mapping) -> str:
    seeds = len(result['seeds'])
    return (
        f'<sub>`{result["command"]}`, commit {result["commit"]}, '
        f'{result["date"][:10]}, {result["machine"]}'
        f'{f", {seeds} seeds" if seeds > 1 else ""}</sub>'
    )


if __name__ == '__main__':
    main()
