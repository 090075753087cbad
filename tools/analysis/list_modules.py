"""Write docs/modules.md: every registered module, its line and its file.

python tools/analysis/list_modules.py [--check]
"""

from __future__ import annotations

import argparse
import inspect
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from mmengine.registry import Registry

from mmvmtl import registry
from mmvmtl.apis import cli
from mmvmtl.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / 'docs' / 'modules.md'
HEAD = """# Every registered module

A config names them `mmvmtl.X`; arguments, shapes and sources stand in the
docstring of the file. `python tools/analysis/list_modules.py` writes this
page.
"""
#: What only Sphinx would read.
ROLE = re.compile(r':\w+:(`[^`]+`)')


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--check', action='store_true', help='write nothing, fail if stale'
    )
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Write the page.

    Raises:
        UserError: With ``--check``, the page is stale.
    """
    text = page()
    if not parse_args(argv).check:
        PAGE.write_text(text, encoding='utf-8')
    elif not PAGE.is_file() or PAGE.read_text(encoding='utf-8') != text:
        raise UserError(
            'docs/modules.md is not what is registered; run python '
            'tools/analysis/list_modules.py.'
        )


def page() -> str:
    """The page: a table for each registry and folder."""
    parts = [HEAD]
    for name, found in vars(registry).items():
        if isinstance(found, Registry):
            found.import_from_location()
            parts += [f'## {name}', _tables(found)]
    return '\n\n'.join(part.strip() for part in parts) + '\n'


def _tables(found: Registry) -> str:
    folders = defaultdict(list)
    for name, kind in sorted(found.module_dict.items()):
        if not kind.__module__.startswith('mmvmtl.'):
            continue  # what a test or a user has registered
        path = Path(inspect.getfile(kind)).relative_to(ROOT)
        first = inspect.getdoc(kind).splitlines()[0]
        line = ROLE.sub(r'\1', first).replace('``', '`')
        folders[path.parent].append(
            f'| [`{name}`](../{path.as_posix()}) | {line} |'
        )
    return '\n\n'.join(
        f'`{folder.as_posix()}`\n\n| | |\n| --- | --- |\n' + '\n'.join(lines)
        for folder, lines in sorted(folders.items())
    )


if __name__ == '__main__':
    main()
