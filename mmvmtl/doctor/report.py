"""The report of all checks, and the command that prints it."""

from __future__ import annotations

import argparse
import platform

from mmvmtl.doctor import installed
from mmvmtl.doctor.checks import Check, checks, last_line
from mmvmtl.doctor.remedies import fix
from mmvmtl.version import __version__


def examine(check: Check) -> tuple[bool, str]:
    """Run a check: whether it works, and a detail or the cause."""
    try:
        return True, check.run()
    # Whatever a broken library raises is the finding.
    except Exception as error:
        return False, f'{type(error).__name__}: {last_line(str(error))}'


def report() -> int:
    """Print versions and checks; return the number of needed failures."""
    print(f'mmvmtl {__version__}, {platform.platform()}')
    print(f'\nFound ({installed.family()} family)')
    for module in installed.OWNERS:
        found = installed.owners(module)
        text = ', '.join(f'{name} {v}' for name, v in found.items())
        print(f'  {module:10}{text or "not installed"}')
    print('\nChecked')
    failures = 0
    for check in checks():
        works, detail = examine(check)
        word = 'ok' if works else 'FAILED' if check.needed else 'missing'
        print(f'  {word:8} {check.name}: {detail}', flush=True)
        if not works:
            print(f'           mend: {check.mend}')
            failures += check.needed
    print(
        f'\n{failures} needed things do not work; mend the first one first'
        if failures
        else '\neverything needed works'
    )
    return failures


def main(argv: list[str] | None = None) -> int:
    """Print the report; 1 if something needed does not work."""
    parser = argparse.ArgumentParser(
        prog='python -m mmvmtl.doctor',
        description='Say what is installed, what works, and what mends it.',
    )
    parser.add_argument(
        '--fix',
        action='store_true',
        help='first mend what the mmaction2 wheel lacks or refuses',
    )
    args = parser.parse_args(argv)
    if args.fix:
        print('\n'.join(fix()))
    return int(report() > 0)
