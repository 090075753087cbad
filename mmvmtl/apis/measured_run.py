"""Training in a process of its own, with its time and its memory."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from mmengine.config import Config

from mmvmtl.apis.kept_run import refuse_other
from mmvmtl.apis.steps import TERMINAL, Shell

#: Runs a command and tells its largest memory. A process inherits, as that,
#: what its parent had at the fork; so a small one starts it.
WATCH = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(child.pid, 0)
with open(sys.argv[1], 'w') as out:
    out.write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
"""


def run_measured(shell: Shell, *command: object) -> dict[str, float]:
    """Run one of our tools; its seconds, and the most memory it held.

    Returns:
        dict: ``seconds`` from start to end, and ``memory_mib``, the largest
        resident set of the process.

    Raises:
        SystemExit: With its exit code, if that is not 0; it has said why.
    """
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / 'memory.txt'
        shell.run(*command, watcher=[sys.executable, '-c', WATCH, str(told)])
        memory = int(told.read_text())
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == 'darwin' else 1024
    return {
        'seconds': time.perf_counter() - start,
        'memory_mib': memory * unit / 2**20,
    }


def train_and_measure(
    cfg: Config,
    work: Path,
    tests: Mapping[str, Config],
    shell: Shell = TERMINAL,
) -> dict[str, dict]:
    """Train a config, evaluate it in several ways; what was done is kept.

    A finished run is read from ``metrics.json``; one that was broken off
    goes on from its last checkpoint.

    Args:
        cfg (Config): what to train.
        work (Path): folder of this run.
        tests (dict[str, Config]): by name what to evaluate with.
        shell (Shell): where to run it.

    Returns:
        dict: ``train`` with ``seconds`` (of all attempts together; None if
        this process was killed with one) and ``memory_mib``, and by the name
        of each test its metrics.

    Raises:
        UserError: the folder holds the run of another config, or was tested
            with another one.
    """
    done = work / 'metrics.json'
    for name, kept in {'config': cfg, **tests}.items():
        _keep(kept, work / f'{name}.py', done)
    if done.is_file():
        return json.loads(done.read_text())
    found: dict[str, dict] = {'train': _train(work, shell)}
    checkpoint = (work / 'train' / 'last_checkpoint').read_text().strip()
    for name in tests:
        out = work / f'{name}.json'
        shell.run(
            *('tools/test.py', work / f'{name}.py', checkpoint),
            *('--out', out, '--work-dir', work / f'test_{name}'),
        )
        found[name] = json.loads(out.read_text())['metrics']
    done.write_text(json.dumps(found))
    return found


def _train(work: Path, shell: Shell) -> dict:
    """Train, or go on; what all attempts cost stands in ``train.json``."""
    told = work / 'train.json'
    cost = dict(seconds=0.0, memory_mib=0.0, finished=False)
    if told.is_file():
        cost = json.loads(told.read_text())
    if not cost['finished']:
        # What nobody comes back from has cost nobody knows what.
        told.write_text(json.dumps({**cost, 'seconds': None}))
        start = time.perf_counter()
        try:
            last = run_measured(
                *(shell, 'tools/train.py', work / 'config.py'),
                *('--work-dir', work / 'train', '--resume'),
            )
        except SystemExit:
            last = dict(seconds=time.perf_counter() - start, memory_mib=0.0)
            told.write_text(json.dumps(_added(cost, last)))
            raise
        cost = {**_added(cost, last), 'finished': True}
        told.write_text(json.dumps(cost))
    return {key: cost[key] for key in ('seconds', 'memory_mib')}


def _added(cost: dict, last: Mapping[str, float]) -> dict:
    seconds = cost['seconds']
    return {
        **cost,
        'seconds': None if seconds is None else seconds + last['seconds'],
        'memory_mib': max(cost['memory_mib'], last['memory_mib']),
    }


def _keep(cfg: Config, path: Path, done: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() or done.is_file():
        refuse_other(cfg.pretty_text, path)
    path.write_text(cfg.pretty_text)
