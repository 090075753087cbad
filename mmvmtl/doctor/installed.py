"""What is installed, found out without importing it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from pathlib import Path

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


def mmaction_folder() -> Path | None:
    """Where mmaction is installed, found without importing it."""
    spec = importlib.util.find_spec('mmaction')
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent
