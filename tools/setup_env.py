"""Set up a virtual environment with one family of the pinned stack.

    python3.11 tools/setup_env.py [--family upstream|fork] [--venv DIR]

Needs only the standard library. Idempotent: an environment whose stamp fits
the requirement files is left alone, one that merely satisfies them is
adopted. mmcv's ops are compiled once for each torch version, Python ABI and
CPU or CUDA; the wheel is kept in the user's cache folder.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / 'requirements'
PYTHONS = ((3, 10), (3, 12))
OPS = {'upstream': 'mmcv', 'fork': 'onedl-mmcv'}
TICK = 20  # seconds between two lines of progress
PROBE = """
import json, os, re, subprocess, sysconfig, torch
from torch.utils.cpp_extension import CUDA_HOME
nvcc = os.path.join(CUDA_HOME or '', 'bin', 'nvcc')
told = subprocess.run([nvcc, '--version'], capture_output=True,
                      text=True).stdout if os.path.isfile(nvcc) else ''
major = re.search('release ([0-9]+)[.]', told)
cuda = (torch.cuda.is_available() and major is not None
        and major[1] == torch.version.cuda.split('.')[0])
print(json.dumps([torch.__version__, sysconfig.get_config_var('SOABI'),
                  'cu' + torch.version.cuda if cuda else 'cpu']))
"""


class SetupError(Exception):
    """What went wrong and where to read about it, in one sentence."""


class Environment:
    """A virtual environment and the log of what is done to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / 'bin' / 'python'
        self.log = folder / 'setup.log'
        self.stamp = folder / 'mmvmtl-stamp.json'
        self.start = time.monotonic()

    def say(self, text: str) -> None:
        """Print a line of progress with the seconds since the start."""
        print(f'[{time.monotonic() - self.start:4.0f} s] {text}', flush=True)

    def run(self, text: str, *command: str | Path, **env: str) -> None:
        """Run ``command`` silently; a line each ``TICK`` seconds says so.

        Raises:
            SetupError: If it fails; the end of its output is printed.
        """
        self.say(text)
        with self.log.open('a') as log:
            begin = log.tell()
            process = subprocess.Popen(
                [str(part) for part in command],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env={**os.environ, **env},
            )
            while True:
                try:
                    code = process.wait(TICK)
                    break
                except subprocess.TimeoutExpired:
                    self.say(f'  {text}{self._progress(begin)}')
        if code:
            tail = self.log.read_text(errors='replace')[begin:]
            print('\n'.join(tail.splitlines()[-20:]), file=sys.stderr)
            raise SetupError(f'{text} failed; all of it is in {self.log}')

    def _progress(self, begin: int) -> str:
        """Ninja's last ``[done/all]`` in the log since ``begin``."""
        with self.log.open(errors='replace') as log:
            log.seek(begin)
            steps = re.findall(r'^\s*\[(\d+)/(\d+)\]', log.read(), re.M)
        return f': {steps[-1][0]} of {steps[-1][1]} files' if steps else ''

    def pip(self, text: str, *args: str | Path) -> None:
        """Run ``pip install`` under our constraints."""
        limits = REQUIREMENTS / 'constraints.txt'
        self.run(text, self.python, '-m', 'pip', 'install', '-q',
                 '--disable-pip-version-check', '-c', limits,
                 *args)  # fmt: skip

    def ask(self, code: str) -> str | None:
        """What a program prints in the environment; None if it fails."""
        done = subprocess.run(
            [self.python, '-W', 'ignore', '-c', code],
            capture_output=True,
            text=True,
            cwd=self.folder,
            check=False,
        )
        return done.stdout.strip() if done.returncode == 0 else None


def fingerprint(family: str) -> dict[str, str]:
    """What an environment depends on; it is rebuilt when this changes."""
    digest = hashlib.sha256()
    for path in sorted(REQUIREMENTS.glob('*.txt')) + [ROOT / 'setup.py']:
        digest.update(path.name.encode() + path.read_bytes())
    # With a compiler of its own, a GPU gets mmcv's ops, too.
    nvcc = str(bool(shutil.which('nvcc') or os.environ.get('CUDA_HOME')))
    files = digest.hexdigest()
    return dict(family=family, root=str(ROOT), files=files, nvcc=nvcc)


def cache_folder(torch: str, abi: str, device: str) -> Path:
    """Where wheels compiled against exactly this torch are kept."""
    cache = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache')
    name = f'torch{torch}-{abi}-{device}'
    return cache / 'mmvmtl' / 'wheels' / name


def pin(name: str, family: str) -> str:
    """The ``name==version`` line of a family's requirements."""
    lines = (REQUIREMENTS / f'{family}.txt').read_text().split()
    return next(line for line in lines if line.startswith(f'{name}=='))


def install_ops(env: Environment, family: str) -> None:
    """Install mmcv with ops: as it is, from the cache, or compiled.

    Raises:
        SetupError: If torch does not import or mmcv does not compile.
    """
    name, version = pin(OPS[family], family).split('==')
    key = json.loads(env.ask(PROBE) or 'null')
    if key is None:
        raise SetupError('torch was installed but can not be imported')
    if ops_work(env, family, on_gpu=key[2] != 'cpu'):
        return
    cache = cache_folder(*key)
    pattern = f'{name.replace("-", "_")}-{version}-*.whl'
    if not list(cache.glob(pattern)):
        compile_ops(env, f'{name}=={version}', key[2], cache)
    wheel = next(cache.glob(pattern))
    env.pip(f'mmcv {version} from {cache}', '--no-deps', '--force-reinstall',
            wheel)  # fmt: skip


def ops_work(
    env: Environment, family: str, on_gpu: bool | None = None
) -> bool:
    """Whether the pinned mmcv is installed and its ops import.

    And, unless ``on_gpu`` is None, were compiled with CUDA or without.
    """
    name, version = pin(OPS[family], family).split('==')
    told = env.ask(
        'import importlib.metadata, mmcv.ops; '
        f"print(importlib.metadata.version('{name}'), "
        "mmcv.ops.get_compiling_cuda_version() != 'not available')"
    )
    known = (True, False) if on_gpu is None else (on_gpu,)
    return told in [f'{version} {each}' for each in known]


def compile_ops(
    env: Environment, requirement: str, device: str, cache: Path
) -> None:
    """Compile ``requirement`` and put the wheel into ``cache`` at once."""
    cores = len(os.sched_getaffinity(0))
    # Those of Python have -g, which makes it take thrice as long.
    flags = os.environ.get('CFLAGS') or sysconfig.get_config_var('CFLAGS')
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        env.run(
            f'compiling {requirement} ({device}, {cores} cores, about '
            f'{20 // cores + 1} min, once)',
            env.python, '-m', 'pip', 'wheel', '-v', '--no-build-isolation',
            '--no-deps', '--no-cache-dir', '-w', folder, requirement,
            MMCV_WITH_OPS='1', FORCE_CUDA=str(int(device != 'cpu')),
            MAX_JOBS=str(cores),
            # Else mmcv asks torch for a GPU, and then for nvcc.
            **({'CUDA_VISIBLE_DEVICES': ''} if device == 'cpu' else {}),
            CFLAGS=f'{flags} -g0',
            # ninja is found beside the environment's python
            PATH=f'{env.folder / "bin"}:{os.environ["PATH"]}',
        )  # fmt: skip
        for wheel in Path(folder).glob('*.whl'):
            shutil.move(wheel, cache / wheel.name)


def set_up(folder: Path, family: str) -> None:
    """Bring the environment in ``folder`` to what ``family`` pins."""
    if not PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        raise SetupError(
            f'Python {platform.python_version()} is not supported; use 3.10, '
            '3.11 or 3.12: make setup PYTHON=python3.11'
        )
    env = Environment(folder)
    wanted = fingerprint(family)
    if env.stamp.exists() and json.loads(env.stamp.read_text()) == wanted:
        return
    if not env.python.exists():
        env.say(f'creating {folder} with Python {platform.python_version()}')
        subprocess.run([sys.executable, '-m', 'venv', folder], check=True)
    files = {p.stem: p for p in REQUIREMENTS.glob('*.txt')}
    env.pip('build tools', '-r', files['build'])
    env.pip('torch', '-r', files['torch'])
    install_ops(env, family)
    env.pip('libraries and test tools', '-r', files['runtime'],
            '-r', files['libraries'], '-r', files['tests'])  # fmt: skip
    if f'libraries-{family}' in files:
        more = files[f'libraries-{family}']
        env.pip(f'libraries of the {family}', '-r', more)
    env.pip(f'{family} family', '--no-deps', '-r', files[family])
    if not ops_work(env, family):
        raise SetupError(
            'the ops of mmcv do not import with this torch; delete its wheel '
            f'below {cache_folder("", "", "").parent} and set up again'
        )
    env.pip('MMAction2', '--no-deps', '-r', files['mmaction'])
    env.pip('mmvmtl itself', '--no-deps', '--no-build-isolation', '-e', ROOT)
    env.run('what upstream left out', env.python, '-m', 'mmvmtl.doctor',
            '--fix')  # fmt: skip
    env.stamp.write_text(json.dumps(wanted))
    env.say(f'{folder} is ready')


def main(argv: list[str] | None = None) -> int:
    """Parse the command line, set up, turn a failure into a sentence."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--family', choices=sorted(OPS), default='upstream')
    parser.add_argument('--venv', type=Path, help='default .venv, .venv-fork')
    args = parser.parse_args(argv)
    name = '.venv' if args.family == 'upstream' else f'.venv-{args.family}'
    try:
        set_up((args.venv or ROOT / name).resolve(), args.family)
    except (SetupError, OSError, subprocess.CalledProcessError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
