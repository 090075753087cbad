"""Checks, each of which runs the thing it speaks about."""

from __future__ import annotations

import importlib
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mmvmtl.devices import gpu_without_ops
from mmvmtl.doctor import installed
from mmvmtl.doctor.remedies import keep_one, mend

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
    twice = [
        found
        for found in map(installed.owners, installed.OWNERS)
        if len(found) > 1
    ]
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
    usable = torch.cuda.is_available() and not gpu_without_ops()
    devices = ['cpu'] + ['cuda'] * usable
    for device in devices:
        kept = nms(boxes.to(device), scores.to(device), 0.5)[1].tolist()
        if kept != [0, 2]:
            raise RuntimeError(f'nms on {device} kept boxes {kept}')
    return f'nms on {" and ".join(devices)}'


def check_gpu_ops() -> str:
    """mmcv was compiled for the GPU, if torch sees one."""
    if gpu_without_ops():
        raise RuntimeError('torch sees a GPU and mmcv has CPU ops only')
    return 'they are where torch computes'


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
    folder = installed.mmaction_folder()
    if folder is None:
        raise RuntimeError('mmaction is not installed')
    if not (folder / 'models' / 'localizers' / 'drn' / 'drn.py').exists():
        raise RuntimeError('the wheel lacks mmaction.models.localizers.drn')
    return 'all packages there'


def check_configs() -> str:
    """Our configs are where ``mmvmtl::...`` looks for them."""
    folder = Path(__file__).parents[1] / '.mim' / 'configs'
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


def checks() -> list[Check]:
    """All checks, in the order in which to mend what fails."""
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
        Check('mmcv ops, GPU', check_gpu_ops,
              'install nvcc and run make setup again, or set '
              'CUDA_VISIBLE_DEVICES=-1', needed=False),
        Check('mmdet', version_of('mmdet'), mend('mmdet')),
        Check('registry, mmdet', lambda: check_scope('mmdet'), here),
        Check('configs', check_configs, here, needed=False),
        Check('owners', check_owner, keep_one(), needed=False),
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
