"""Training and testing as the commands that a user types."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def run(*command: object) -> None:
    """Run one of our tools, printed as it would be typed.

    Raises:
        SystemExit: With its exit code, if that is not 0; it has said why.
    """
    words = [str(word) for word in command]
    print(f'\n$ python {shlex.join(words)}', flush=True)
    done = subprocess.run([sys.executable, *words], check=False)
    if done.returncode:
        raise SystemExit(done.returncode)


def train_and_test(
    config: str | Path, work: Path, seed: int, options: Sequence[str] = ()
) -> tuple[Path, dict[str, float]]:
    """Train with ``config`` and evaluate the last checkpoint.

    Args:
        config (str or Path): config file.
        work (Path): work folder; gets ``train``, ``test`` and ``test.json``.
        seed (int): of the run.
        options (Sequence[str]): of ``--cfg-options``, ``key=value``.

    Returns:
        tuple: the checkpoint, and the metrics by name.
    """
    settings = ['--cfg-options', f'randomness.seed={seed}', *options]
    train, result = work / 'train', work / 'test.json'
    run('tools/train.py', config, '--work-dir', train, *settings)
    checkpoint = Path((train / 'last_checkpoint').read_text().strip())
    run(
        *('tools/test.py', config, checkpoint, '--out', result),
        *('--work-dir', work / 'test'),
        *settings,
    )
    return checkpoint, json.loads(result.read_text())['metrics']


def measure(
    config: str | Path, work: Path, seed: int, options: Sequence[str] = ()
) -> dict[str, float]:
    """Metrics of :func:`train_and_test`, read if it was finished before."""
    done = work / 'metrics.json'
    if not done.is_file():
        _, metrics = train_and_test(config, work, seed, options)
        done.write_text(json.dumps(metrics))
    return json.loads(done.read_text())


def table(rows: Mapping[str, Mapping[str, float]]) -> str:
    """Metrics, one a line, of several runs, one a column, as Markdown."""
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    lines = [
        '| metric | ' + ' | '.join(rows) + ' |',
        '| --- |' + ' ---: |' * len(rows),
    ]
    for name in names:
        # A number that is unknown is None, as a result file has it.
        values = [
            '' if row.get(name) is None else f'{row[name]:.3f}'
            for row in rows.values()
        ]
        lines.append(f'| {name} | ' + ' | '.join(values) + ' |')
    return '\n'.join(lines)
