"""Apply each listed one-line mutation; the named tests must turn red.

    python tools/mutants.py [--jobs 2] [--only TEXT]

The list is ``tests/mutants.toml``. Every mutation is made in a copy of the
tree, so the working copy is never touched. Exit code 1 if one survives.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / 'tests' / 'mutants.toml'
PARTS = ('mmvmtl', 'tests', 'configs', 'tools', 'pyproject.toml')
TIMEOUT = 1800  # seconds for one run of tests, on a busy machine


@dataclass
class Mutant:
    """One bug and the test files that must see it.

    Attributes:
        name: The bug, in words.
        file: Path of the file, from the root.
        old: Text that occurs exactly once in it.
        new: What the text becomes.
        tests: Arguments of pytest: files, or ``file::test``.
    """

    name: str
    file: str
    old: str
    new: str
    tests: list[str]

    def apply(self, tree: Path) -> None:
        """Change the file in ``tree``.

        Raises:
            ValueError: If ``old`` does not occur exactly once.
        """
        path = tree / self.file
        text = path.read_text()
        if text.count(self.old) != 1:
            raise ValueError(
                f"mutant '{self.name}': the old text occurs "
                f'{text.count(self.old)} times in {self.file}, not once; '
                'bring tests/mutants.toml up to date'
            )
        path.write_text(text.replace(self.old, self.new))


def read(path: Path) -> list[Mutant]:
    """Read the list of mutations."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    data = tomllib.loads(path.read_text())
    return [Mutant(**each) for each in data['mutant']]


def copy_tree(target: Path) -> None:
    """Copy what tests need; real data keeps its place beside the tree."""
    ignore = shutil.ignore_patterns('__pycache__', '.mim', 'work_dirs')
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, target / part, ignore=ignore)
        elif source.exists():
            shutil.copyfile(source, target / part)


def test(mutant: Mutant | None, tests: list[str]) -> tuple[int, str]:
    """Run ``tests`` on a copy with the mutation: exit code and output."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / 'main'
        tree.mkdir()
        copy_tree(tree)
        if mutant:
            mutant.apply(tree)
        shared = ROOT.parent / 'shared' / 'data'
        env = {
            'MMVMTL_SHARED': str(shared),
            **os.environ,
            # Before the installed mmvmtl, which is the unmutated one.
            'PYTHONPATH': str(tree),
            'PYTHONDONTWRITEBYTECODE': '1',
        }
        command = [sys.executable, '-m', 'pytest', '-x', '-q', '-p',
                   'no:cacheprovider', *tests]  # fmt: skip
        try:
            done = subprocess.run(
                command, cwd=tree, env=env, capture_output=True, text=True,
                timeout=TIMEOUT, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return 124, f'no end after {TIMEOUT} s'
        return done.returncode, done.stdout[-2000:]


def judge(mutant: Mutant) -> bool:
    """Print and return whether the tests see the mutation."""
    start = time.monotonic()
    code, output = test(mutant, mutant.tests)
    # 1: tests failed. 2 and more: pytest itself did, which proves nothing.
    word = {0: 'SURVIVED', 1: 'killed'}.get(code, 'NOT RUN')
    seconds = time.monotonic() - start
    print(f'{word:8} {seconds:4.0f} s  {mutant.name}', flush=True)
    if code > 1:
        print(output)
    return code == 1


def main(argv: list[str] | None = None) -> int:
    """Run all mutations; 1 if one survives, 2 if the list is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--only', default='', help='part of a name')
    args = parser.parse_args(argv)
    mutants = [each for each in read(LIST) if args.only in each.name]
    if not mutants:
        parser.error(f'no mutation has {args.only!r} in its name')
    tests = sorted({name for mutant in mutants for name in mutant.tests})
    code, output = test(None, ['-n', str(args.jobs), *tests])
    if code:
        print(output)
        print('error: the tests fail without any mutation', file=sys.stderr)
        return 2
    try:
        with ThreadPoolExecutor(args.jobs) as pool:
            killed = list(pool.map(judge, mutants))
    except ValueError as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    print(f'{sum(killed)} of {len(killed)} mutations turn a test red')
    return int(not all(killed))


if __name__ == '__main__':
    sys.exit(main())
