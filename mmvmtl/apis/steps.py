"""Training and testing as the commands that a user types."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from mmvmtl.apis import cli
from mmvmtl.apis.kept_run import refuse_other
from mmvmtl.apis.result_file import usable_cores
from mmvmtl.errors import UserError

T = TypeVar('T')


@dataclass(frozen=True)
class Shell:
    """Where a tool runs.

    Args:
        env (Mapping[str, str]): variables besides those there are.
        log (Path, optional): file for what it says, instead of the terminal:
            for runs side by side.
        threads (int, optional): CPU threads of each process.
    """

    env: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None
    threads: int | None = None

    def run(self, *command: object, watcher: Sequence[str] = ()) -> None:
        """Run one of our tools, printed as it would be typed.

        Args:
            *command: script and arguments.
            watcher (Sequence[str]): command that runs the one behind it and
                exits with its code.

        Raises:
            SystemExit: With its exit code, if that is not 0; it has said why.
        """
        words = [str(word) for word in command]
        print(f'\n$ python {shlex.join(words)}', flush=True)
        env = {**os.environ, **self.env}
        if self.threads is not None:
            env['OMP_NUM_THREADS'] = str(self.threads)
        with contextlib.ExitStack() as stack:
            out = None
            if self.log is not None:
                self.log.parent.mkdir(parents=True, exist_ok=True)
                out = stack.enter_context(self.log.open('a'))
            done = subprocess.run(
                [*watcher, sys.executable, *words],
                check=False,
                env=env,
                stdout=out,
                stderr=out,
            )
        if done.returncode:
            if self.log is not None:
                print(f'error: see the end of {self.log}', file=sys.stderr)
            raise SystemExit(done.returncode)


def side_by_side(
    measure: Callable[..., T], runs: Sequence[tuple], jobs: int
) -> dict[tuple, T]:
    """What ``measure(*run)`` returns by run, ``jobs`` of them at a time.

    Each runs our tools in a shell of its own, see :func:`quiet_shell`. The
    first that fails ends it; those that wait are not begun.

    Raises:
        UserError: If ``jobs`` is not positive, or a run stands there twice.
    """
    if jobs < 1:
        raise UserError(f'--jobs {jobs} must be at least 1.')
    if len(set(runs)) < len(runs):
        raise UserError(
            'a run is asked for twice; give every seed, method and target '
            'once.'
        )
    with ThreadPoolExecutor(jobs) as pool:
        begun = {run: pool.submit(measure, *run) for run in runs}
        try:
            return {run: future.result() for run, future in begun.items()}
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def quiet_shell(folder: Path, jobs: int, **env: object) -> Shell:
    """A shell that logs into ``folder`` and uses its share of the cores.

    Args:
        folder (Path): gets ``log.txt``.
        jobs (int): how many run side by side.
        **env: variables of its environment.
    """
    threads = max(1, usable_cores() // jobs)
    words = {name: str(value) for name, value in env.items()}
    return Shell(words, folder / 'log.txt', threads)


TERMINAL = Shell()
run = TERMINAL.run


def train_and_test(
    config: str | Path,
    work: Path,
    seed: int,
    options: Sequence[str] = (),
    shell: Shell = TERMINAL,
) -> tuple[Path, dict[str, float]]:
    """Train with ``config`` and evaluate the last checkpoint.

    Args:
        config (str or Path): config file.
        work (Path): work folder; gets ``train``, ``test`` and ``test.json``.
        seed (int): of the run.
        options (Sequence[str]): of ``--cfg-options``, ``key=value``.
        shell (Shell): where to run it.

    Returns:
        tuple: the checkpoint, and the metrics by name; ``train_minutes`` is
        the time of the training, its start and validation included.
    """
    start = time.perf_counter()
    shell.run(
        *('tools/train.py', config, '--work-dir', work / 'train'),
        *_settings(seed, options),
    )
    minutes = (time.perf_counter() - start) / 60
    checkpoint = _last_checkpoint(work)
    metrics = _test(config, checkpoint, work, seed, options, shell)
    return checkpoint, {**metrics, 'train_minutes': minutes}


def _last_checkpoint(work: Path) -> Path:
    return Path((work / 'train' / 'last_checkpoint').read_text().strip())


def _test(
    config: str | Path,
    checkpoint: Path,
    work: Path,
    seed: int,
    options: Sequence[str],
    shell: Shell,
) -> dict[str, float]:
    result = work / 'test.json'
    shell.run(
        *('tools/test.py', config, checkpoint, '--out', result),
        *('--work-dir', work / 'test'),
        *_settings(seed, options),
    )
    return json.loads(result.read_text())['metrics']


def _settings(seed: int, options: Sequence[str]) -> list[str]:
    return ['--cfg-options', *_words(seed, options)]


def _words(seed: int, options: Sequence[str]) -> list[str]:
    return [f'randomness.seed={seed}', *options]


def measure(
    config: str | Path,
    work: Path,
    seed: int,
    options: Sequence[str] = (),
    shell: Shell = TERMINAL,
    trained: Path | None = None,
) -> dict[str, float]:
    """Metrics of :func:`train_and_test`, read if it was finished before.

    Beside them, ``run.txt`` says what was run: the config with the seed and
    all options, and the variables of the shell.

    Args:
        config (str or Path): config file.
        work (Path): work folder.
        seed (int): of the run.
        options (Sequence[str]): of ``--cfg-options``, ``key=value``.
        shell (Shell): where to run it.
        trained (Path, optional): work folder of a finished run, whose last
            checkpoint is tested; nothing is trained.

    Raises:
        UserError: If ``work`` holds the metrics of another run.
    """
    done, said = work / 'metrics.json', work / 'run.txt'
    text = what_is_run(config, seed, options, shell)
    if trained is not None:
        text += (trained / 'run.txt').read_text()
    if done.is_file():
        refuse_other(text, said)
    else:
        if trained is None:
            _, metrics = train_and_test(config, work, seed, options, shell)
        else:
            checkpoint = _last_checkpoint(trained)
            metrics = _test(config, checkpoint, work, seed, options, shell)
        said.write_text(text)
        done.write_text(json.dumps(metrics))
    return json.loads(done.read_text())


def what_is_run(
    config: str | Path, seed: int, options: Sequence[str], shell: Shell
) -> str:
    """Config, seed, options and variables, and a sum of each file in them."""
    changes = cli.cfg_options(_words(seed, options))
    cfg = cli.read_config(str(config), changes)
    # The config is read here without them, and there with them.
    lines = [f'{name}={value}\n' for name, value in sorted(shell.env.items())]
    text = ''.join([cfg.pretty_text, '\n', *lines])
    # What a run begins with may be another's at the same place.
    paths = sorted(set(re.findall(r'[^\s=\'"]+\.(?:pth|json)\b', text)))
    files = [path for path in map(Path, paths) if path.is_file()]
    return text + ''.join(f'{file} {_sha256(file)}\n' for file in files)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def table(rows: Mapping[str, Mapping[str, float | str | None]]) -> str:
    """Metrics, one a line, of several runs, one a column, as Markdown.

    Numbers get three decimals, text stays; what a run lacks is empty.
    """
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    lines = [
        '| metric | ' + ' | '.join(rows) + ' |',
        '| --- |' + ' ---: |' * len(rows),
    ]
    for name in names:
        values = [_cell(row.get(name)) for row in rows.values()]
        lines.append(f'| {name} | ' + ' | '.join(values) + ' |')
    return '\n'.join(lines)


def _cell(value: float | str | None) -> str:
    # A number that is unknown is None, as a result file has it.
    if value is None:
        return ''
    return value if isinstance(value, str) else f'{value:.3f}'
