"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope='session')
def shared_data() -> Path:
    """The folder of real data beside the project; skip where it is absent."""
    beside = Path(__file__).parents[1] / '..' / 'shared' / 'data'
    folder = Path(os.environ.get('MMVMTL_SHARED', beside))
    if not folder.is_dir():
        pytest.skip(
            f'no real data at {folder}; point MMVMTL_SHARED to the folder'
        )
    return folder.resolve()
