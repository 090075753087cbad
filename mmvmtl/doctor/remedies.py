"""What mends an environment: commands, and what no command can mend."""

from __future__ import annotations

from mmvmtl import compat
from mmvmtl.doctor import installed

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


def mend(module: str) -> str:
    """The command that installs the tested version of ``module``."""
    pin = PINS[installed.family()][module]
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


def keep_one() -> str:
    """The commands that leave every module to one distribution."""
    commands = []
    for module in installed.OWNERS:
        found = installed.owners(module)
        if len(found) > 1:
            opencv = "pip install 'opencv-python<5'"
            again = opencv if module == 'cv2' else mend(module)
            commands += [f'pip uninstall -y {" ".join(found)}', again]
    return ' && '.join(commands)


def fix() -> list[str]:
    """Mend the installed mmaction2 for tools that do not import us.

    Writes the package that the wheel lacks and, beside the fork's mmcv,
    raises the limit that refuses it.

    Returns:
        list[str]: What was done.
    """
    folder = installed.mmaction_folder()
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
    if 'onedl-mmcv' in installed.owners('mmcv') and limit in init.read_text():
        init.write_text(init.read_text().replace(limit, raised))
        done.append(f'raised the limit of mmcv in {init}')
    return done or ['nothing to fix']
