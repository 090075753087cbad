"""Result files: what was measured, with what, on what.

Every number that the documentation quotes comes out of such a file; the
tables are made from them by ``tools/analysis/make_tables.py``.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from mmvmtl.apis.results import json_text
from mmvmtl.doctor import installed
from mmvmtl.errors import UserError
from mmvmtl.version import __version__

ROOT = Path(__file__).resolve().parents[2]
FIELDS = ('commit', 'date', 'machine', 'versions', 'command', 'config')

Value = float | Sequence[float]
Metrics = Mapping[str, Value]


def write_result(
    path: str | Path,
    metrics: Metrics,
    *,
    command: str | Sequence[str],
    config: str | None,
    seeds: Sequence[int],
    rows: Mapping[str, Metrics | Mapping] | None = None,
) -> dict:
    """Write a result file; it appears whole or not at all.

    Args:
        path (str or Path): ``docs/results/<name>.json``; its folder is
            created.
        metrics (dict): this and the rest: see :func:`make_result`.
        command (str or Sequence[str]): what was run.
        config (str, optional): the config file it was run with.
        seeds (Sequence[int]): of the runs.
        rows (dict, optional): the sides of a comparison.

    Returns:
        dict: what was written.

    Raises:
        ValueError: A metric has not one number per seed.
        UserError: The file can not be written.
    """
    result = make_result(
        metrics, command=command, config=config, seeds=seeds, rows=rows
    )
    save_result(path, result)
    return result


def save_result(path: str | Path, result: Mapping) -> None:
    """Write what :func:`make_result` made; whole or not at all.

    Raises:
        UserError: The file can not be written.
    """
    _write_whole(Path(path), json.dumps(result, indent=1) + '\n')


def make_result(
    metrics: Metrics,
    *,
    command: str | Sequence[str],
    config: str | None,
    seeds: Sequence[int],
    rows: Mapping[str, Metrics | Mapping] | None = None,
) -> dict:
    """A result as plain data; commit, machine and so on are found out.

    Numbers that are not finite become null.

    Args:
        metrics (dict): name to one number per seed; a single number stands
            for a list of one.
        command (str or Sequence[str]): what was run, as typed or as a list
            of arguments. Paths inside the project become relative.
        config (str, optional): the config file it was run with.
        seeds (Sequence[int]): of the runs; ``(0,)`` for a single one.
        rows (dict, optional): the sides of a comparison by name, each its
            metrics, or a dict with ``metrics`` and what differs from the
            file's own ``command``, ``config`` or ``seeds``; other keys are
            kept.

    Returns:
        dict: the content of a result file.

    Raises:
        ValueError: A metric has not one number per seed.
    """
    result = {
        'commit': commit(),
        'date': datetime.datetime.now(datetime.timezone.utc)
        .replace(microsecond=0)
        .isoformat(),
        'machine': machine(),
        'versions': versions(),
        'command': _portable(command),
        'config': None if config is None else _portable([config]),
        'seeds': list(seeds),
        'metrics': _per_seed(metrics, seeds),
    }
    if rows is not None:
        result['rows'] = {name: _row(row, seeds) for name, row in rows.items()}
    return json.loads(json_text(result))


def read_result(path: str | Path) -> dict:
    """Read a result file.

    Raises:
        UserError: It is missing, is no JSON, or lacks a field.
    """
    try:
        result = json.loads(Path(path).read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise UserError(
            f'the result {path} can not be read ({error}); run the tool '
            'that writes it again.'
        ) from None
    for name in (*FIELDS, 'seeds', 'metrics'):
        if name not in result:
            raise UserError(
                f"the result {path} has no '{name}'; write it with "
                'mmvmtl.apis.result_file.write_result.'
            )
    return result


def commit() -> str | None:
    """The checkout's commit, ``-dirty`` if files differ; None without git."""
    command = ['git', 'describe', '--always', '--dirty', '--abbrev=12']
    try:
        found = subprocess.run(
            [*command, '--exclude=*'],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()


def machine() -> str:
    """Processor, cores that may be used, memory, and GPU; no host name."""
    parts = [_cpu_model(), f'{usable_cores()} cores']
    if 'SC_PHYS_PAGES' in os.sysconf_names:
        pages = os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
        parts.append(f'{pages / 2**30:.0f} GiB')
    if torch.cuda.is_available():
        parts.append(torch.cuda.get_device_name())
    return ', '.join(parts)


def usable_cores() -> int:
    """Cores that this process may run on, where the system tells."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu_model() -> str:
    try:
        lines = Path('/proc/cpuinfo').read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(':')
        if key.strip() == 'model name':
            return value.strip()
    return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """Version of Python, of mmvmtl and of every distribution below it."""
    found = {'python': platform.python_version(), 'mmvmtl': __version__}
    for module in installed.OWNERS:
        found.update(installed.owners(module))
    return found


def _portable(command: str | Sequence[str]) -> str:
    """One line without the place where the project lies."""
    text = command if isinstance(command, str) else shlex.join(command)
    return text.replace(f'{ROOT}{os.sep}', '')


def _per_seed(metrics: Metrics, seeds: Sequence[int]) -> dict:
    lists = {
        name: list(value) if isinstance(value, Sequence) else [value]
        for name, value in metrics.items()
    }
    for name, values in lists.items():
        if len(values) != len(seeds):
            raise ValueError(
                f"the metric '{name}' has {len(values)} numbers for "
                f'{len(seeds)} seeds; give one per seed.'
            )
    return lists


def _row(row: Mapping, seeds: Sequence[int]) -> dict:
    full = dict(row) if 'metrics' in row else {'metrics': row}
    full['metrics'] = _per_seed(full['metrics'], full.get('seeds', seeds))
    if 'command' in full:
        full['command'] = _portable(full['command'])
    return full


def _write_whole(path: Path, text: str) -> None:
    partial = path.with_name(f'{path.name}.partial')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding='utf-8')
        partial.replace(path)
    except OSError as error:
        raise UserError(
            f'the result {path} can not be written ({error.strerror}); '
            'choose another place with --out.'
        ) from None
