"""Execute a config file; what goes wrong is told with its file and line."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

from mmengine.config import Config
from mmengine.utils import import_modules_from_strings

from mmvmtl.errors import UserError

#: MMEngine's functions that execute one file, which they call ``filename``.
READERS = (Config._file2dict.__code__, Config._parse_lazy_import.__code__)


def read_file(path: str | Path) -> Config:
    """Read a config, the files it inherits from and its ``custom_imports``.

    Raises:
        UserError: If one of the files can not be read or executed, or a
            module can not be imported. What else an imported module raises
            is its own defect and comes as it is.
    """
    try:
        cfg = Config.fromfile(path, import_custom_modules=False)
    # A config is a program: it may raise anything.
    except Exception as error:
        reason = error.msg if isinstance(error, SyntaxError) else error
        raise UserError(
            f'the config {_place(error, str(path))} can not be read: '
            f'{type(error).__name__}: {reason}; correct it.'
        ) from None
    imports = cfg.get('custom_imports')
    try:
        if imports:
            import_modules_from_strings(**imports)
    except ImportError as error:
        raise UserError(
            f'custom_imports of the config {path} can not be imported '
            f'({error}); correct the names, or set PYTHONPATH to the folder '
            'they lie in.'
        ) from None
    return cfg


def _place(error: Exception, path: str) -> str:
    """The file that ``error`` comes from, and its line where there is one.

    Args:
        error (Exception): Raised while ``path`` was read.
        path (str): The config that was asked for.
    """
    file, files, number = path, {path}, None
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_code in READERS:
            name = frame.f_locals['filename']
            # One that does not exist is a mistake of who inherits from it.
            if Path(name).is_file():
                file, number = os.path.normpath(name), None
                files.add(name)
        elif frame.f_code.co_filename in files:
            file, number = frame.f_code.co_filename, line
    if isinstance(error, SyntaxError):
        number = error.lineno
    return f'{file}, line {number},' if number else file
