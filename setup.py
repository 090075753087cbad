"""Packaging. No OpenMMLab distribution is required by name.

The same modules come from two families of distributions (see
``requirements/``), and naming one would replace the other under a user who
has it. ``python -m mmvmtl.doctor`` tells what is missing instead.
"""

import os
import shutil
import sys
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
MIM = ROOT / 'mmvmtl' / '.mim'
MIM_FILES = ('configs', 'tools', 'model-index.yml')


def version() -> str:
    """Read the version without importing the package."""
    scope: dict = {}
    exec((ROOT / 'mmvmtl' / 'version.py').read_text(), scope)
    return scope['__version__']


def requirements(name: str) -> list[str]:
    """Read one of the files in ``requirements/``."""
    lines = (ROOT / 'requirements' / name).read_text().splitlines()
    return [line for line in lines if line and line[0] not in '#-']


def add_mim_extension(copy: bool) -> None:
    """Put configs, tools and the model index where ``mim`` looks for them.

    They are links in a working copy, so that ``mmvmtl::...`` sees an edit at
    once, and copies in what is distributed.
    """
    MIM.mkdir(exist_ok=True)
    for name in MIM_FILES:
        source, target = ROOT / name, MIM / name
        if not source.exists():
            continue
        if target.is_symlink() or target.is_file():
            target.unlink()
        elif target.is_dir():
            shutil.rmtree(target)
        if not copy:
            target.symlink_to(os.path.relpath(source, MIM))
        elif source.is_dir():
            ignore = shutil.ignore_patterns('__pycache__')
            shutil.copytree(source, target, ignore=ignore)
        else:
            shutil.copyfile(source, target)


if __name__ == '__main__':
    distribute = {'sdist', 'bdist_wheel'} & set(sys.argv)
    linked = any((MIM / name).is_symlink() for name in MIM_FILES)
    add_mim_extension(copy=bool(distribute))
    setup(
        name='mmvmtl',
        version=version(),
        description='Video multi-task learning on OpenMMLab: detection, '
        'classification and tracking with one network',
        long_description=(ROOT / 'README.md').read_text()
        if (ROOT / 'README.md').exists()
        else '',
        long_description_content_type='text/markdown',
        license='Apache License 2.0',
        packages=find_packages(include=['mmvmtl', 'mmvmtl.*']),
        include_package_data=True,
        python_requires='>=3.10',
        install_requires=requirements('runtime.txt'),
        extras_require={
            'tests': requirements('tests.txt'),
        },
        zip_safe=False,
    )
    if distribute and linked:
        add_mim_extension(copy=False)
