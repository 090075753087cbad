"""Say what is installed, what works, what does not and what mends it.

    python -m mmvmtl.doctor [--fix]

Every check runs the thing it speaks about. Nothing is imported before its
check, so a broken or missing library is a line of the report.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import importlib.util
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mmvmtl import compat
from mmvmtl.version import __version__

#: Distributions that own a module; the first is upstream's.
OWNERS = {
    'torch': ('torch',),
    'mmengine': ('mmengine', 'onedl-mmengine'),
    'mmcv': ('mmcv', 'onedl-mmcv', 'mmcv-lite', 'mmcv-full'),
    'mmdet': ('mmdet', 'onedl-mmdetection'),
    'mmaction': ('mmaction2',),
    'cv2': (
        'opencv-python',
        'opencv-python-headless',
        'opencv-contrib-python',
        'opencv-contrib-python-headless',
    ),
    'numpy': ('numpy',),
    'scipy': ('scipy',),
}
#: What is tested, by family; the same as in ``requirements/``.
PINS = {
    'upstream': {
        'torch': 'torch==2.13.0',
        'mmengine': 'mmengine==0.11.0rc3',
        'mmcv': 'mmcv==2.1.0',
        'mmdet': 'mmdet==3.3.0',
        'mmaction': 'mmaction2==1.2.0',
    },
    'fork': {
        'torch': 'torch==2.13.0',
        'mmengine': 'onedl-mmengine==0.10.12',
        'mmcv': 'onedl-mmcv==2.3.6',
        'mmdet': 'onedl-mmdetection==3.5.1',
        'mmaction': 'mmaction2==1.2.0',
    },
}
#: Of mmaction2 1.2.0, and what ``--fix`` makes of it beside the fork.
MMCV_LIMITS = ('2.2.0', '3.0.0')
FIX = 'python -m mmvmtl.doctor --fix'
BUILD = """
import mmengine.registry as registry
registry.init_default_scope('{scope}')
assert registry.MODELS.get('mmvmtl.TaskBranch') is not None
registry.HOOKS.build(dict(type='mmvmtl.MetadataHook'))
"""


@dataclass
class Check:
    """One thing that works or does not.

    Attributes:
        name: What it is, as printed.
        run: Does it and returns a detail to print; raises if it does not
            work.
        mend: The command that mends it.
        needed: Whether nothing works without it.
    """

    name: str
    run: Callable[[], str]
    mend: str
    needed: bool = True


def owners(module: str) -> dict[str, str]:
    """Installed distributions that own ``module``, with versions."""
    found = {}
    for name in OWNERS[module]:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def family() -> str:
    """Which family is installed: fork if any of its parts is."""
    for module in ('mmengine', 'mmcv', 'mmdet'):
        if any(name.startswith('onedl-') for name in owners(module)):
            return 'fork'
    return 'upstream'


def mend(module: str) -> str:
    """The command that installs the tested version of ``module``."""
    pin = PINS[family()][module]
    if module == 'mmcv':
        return (
            "pip install 'setuptools<82' wheel ninja && MMCV_WITH_OPS=1 pip "
            f'install --no-build-isolation --no-deps --force-reinstall {pin}'
        )
    if module == 'mmaction':
        return (
            f'pip install --no-deps {pin} && pip install decord einops '
            'importlib_metadata matplotlib Pillow scipy'
        )
    return f"pip install {pin} 'opencv-python<5'"


def check_python() -> str:
    """Python 3.10 to 3.12."""
    if not (3, 10) <= sys.version_info[:2] <= (3, 12):
        raise RuntimeError(f'{platform.python_version()} is not supported')
    return platform.python_version()


def version_of(module: str) -> Callable[[], str]:
    """A check that the module imports."""
    return lambda: importlib.import_module(module).__version__


def check_owner() -> str:
    """No two distributions own one module: they overwrite each other."""
    twice = [found for found in map(owners, OWNERS) if len(found) > 1]
    if twice:
        raise RuntimeError(
            '; '.join(f'{" and ".join(each)} overwrite' for each in twice)
            + ' each other'
        )
    return 'one each'


def check_opencv() -> str:
    """OpenCV 4: mmcv 2 was not written for 5."""
    version = importlib.import_module('cv2').__version__
    if int(version.split('.')[0]) >= 5:
        raise RuntimeError(f'{version} is too new')
    return version


def check_ops() -> str:
    """mmcv's compiled ops run: of three boxes two overlap."""
    import torch
    from mmcv.ops import nms

    boxes = torch.tensor([[0.0, 0, 9, 9], [0, 0, 9, 8], [20, 20, 29, 29]])
    scores = torch.tensor([0.9, 0.8, 0.7])
    devices = ['cpu'] + ['cuda'] * torch.cuda.is_available()
    for device in devices:
        kept = nms(boxes.to(device), scores.to(device), 0.5)[1].tolist()
        if kept != [0, 2]:
            raise RuntimeError(f'nms on {device} kept boxes {kept}')
    return f'nms on {" and ".join(devices)}'


def check_resume() -> str:
    """A checkpoint of a Runner loads again under this torch."""
    import torch
    from mmengine.logging import HistoryBuffer
    from mmengine.runner import CheckpointLoader

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'checkpoint.pth'
        buffer = HistoryBuffer()
        buffer.update(0.5)
        torch.save(dict(message_hub=dict(loss=buffer)), path)
        CheckpointLoader.load_checkpoint(
            str(path), map_location='cpu', logger='silent'
        )
    return 'checkpoints of a Runner load'


def check_scope(scope: str) -> str:
    """``mmvmtl.X`` builds from a config alone, in a fresh process."""
    code = BUILD.format(scope=scope)
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(last_line(done.stderr))
    return f'mmvmtl.X builds under default_scope={scope!r}'


def check_mmaction() -> str:
    """MMAction2's models register, helped by ``mmvmtl.compat``."""
    models = importlib.import_module('mmaction.registry').MODELS
    importlib.import_module('mmaction.models')
    if models.get('TSNHead') is None:
        raise RuntimeError('its models do not register')
    return importlib.import_module('mmaction').__version__


def check_drn() -> str:
    """MMAction2's own tools import its models, without our help."""
    folder = mmaction_folder()
    if folder is None:
        raise RuntimeError('mmaction is not installed')
    if not (folder / 'models' / 'localizers' / 'drn' / 'drn.py').exists():
        raise RuntimeError('the wheel lacks mmaction.models.localizers.drn')
    return 'all packages there'


def check_configs() -> str:
    """Our configs are where ``mmvmtl::...`` looks for them."""
    folder = Path(__file__).parent / '.mim' / 'configs'
    count = len(list(folder.rglob('*.py')))
    if not count:
        raise RuntimeError(f'no configs in {folder}')
    return f'{count} files'


def check_cuda() -> str:
    """A GPU that torch can use."""
    import torch

    if not torch.cuda.is_available():
        raise RuntimeError('none; training runs on the CPU')
    return torch.cuda.get_device_name()


def mmaction_folder() -> Path | None:
    """Where mmaction is installed, found without importing it."""
    spec = importlib.util.find_spec('mmaction')
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent


def fix() -> list[str]:
    """Mend the installed mmaction2 for tools that do not import us.

    Writes the package that the wheel lacks and, beside the fork's mmcv,
    raises the limit that refuses it.

    Returns:
        list[str]: What was done.
    """
    folder = mmaction_folder()
    if folder is None:
        return ['mmaction is not installed: nothing to fix']
    done = []
    drn = folder / 'models' / 'localizers' / 'drn'
    if not (drn / 'drn.py').exists():
        drn.mkdir(exist_ok=True, parents=True)
        (drn / '__init__.py').write_text(compat.DRN_INIT)
        (drn / 'drn.py').write_text(compat.DRN_SOURCE)
        done.append(f'wrote {drn}')
    init = folder / '__init__.py'
    limit, raised = (f"mmcv_maximum_version = '{v}'" for v in MMCV_LIMITS)
    if 'onedl-mmcv' in owners('mmcv') and limit in init.read_text():
        init.write_text(init.read_text().replace(limit, raised))
        done.append(f'raised the limit of mmcv in {init}')
    return done or ['nothing to fix']


def checks() -> list[Check]:
    """All checks, in the order in which to mend what fails."""
    doubles = ' '.join(owners('cv2'))
    here = 'pip install -e . in the folder of mmvmtl'
    return [
        Check('Python', check_python, 'use Python 3.10, 3.11 or 3.12'),
        Check('torch', version_of('torch'), mend('torch')),
        Check('numpy', version_of('numpy'), 'pip install numpy'),
        Check('scipy', version_of('scipy'), 'pip install scipy'),
        Check('OpenCV', check_opencv, "pip install 'opencv-python<5'"),
        Check('mmengine', version_of('mmengine'), mend('mmengine')),
        Check('resume', check_resume, mend('mmengine')),
        Check('mmcv', version_of('mmcv'), mend('mmcv')),
        Check('mmcv ops', check_ops, mend('mmcv')),
        Check('mmdet', version_of('mmdet'), mend('mmdet')),
        Check('registry, mmdet', lambda: check_scope('mmdet'), here),
        Check('configs', check_configs, here, needed=False),
        Check('owners', check_owner,
              f"pip uninstall -y {doubles} && pip install 'opencv-python<5'",
              needed=False),
        Check('mmaction', check_mmaction, mend('mmaction'), needed=False),
        Check('mmaction wheel', check_drn, FIX, needed=False),
        Check('registry, mmaction', lambda: check_scope('mmaction'), FIX,
              needed=False),
        Check('CUDA', check_cuda, 'nothing to mend without a GPU',
              needed=False),
    ]  # fmt: skip


def last_line(text: str) -> str:
    """The last line of a traceback or message, which says the cause."""
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else 'no message'


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
    print(f'\nFound ({family()} family)')
    for module in OWNERS:
        found = owners(module)
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
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--fix',
        action='store_true',
        help='first mend what the mmaction2 wheel lacks or refuses',
    )
    args = parser.parse_args(argv)
    if args.fix:
        print('\n'.join(fix()))
    return int(report() > 0)


if __name__ == '__main__':
    sys.exit(main())
