"""Read files of weights as data, never as programs.

A pickle may name any function to be called while it is read, so files are
read with torch's ``weights_only``.
"""

from __future__ import annotations

import re
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor

from mmvmtl.errors import UserError

#: What MMEngine's history of logged numbers is pickled with. None of it is
#: needed to use a model, so reading it gives placeholders: not even NumPy's
#: own functions are called, least of all ``getattr``.
FORGOTTEN = (
    'builtins.getattr',
    'mmengine.logging.history_buffer.HistoryBuffer',
    'numpy.core.multiarray._reconstruct',
    'numpy.core.multiarray.scalar',
    'numpy._core.multiarray._reconstruct',
    'numpy._core.multiarray.scalar',
    'numpy.dtype',
    'numpy.ndarray',
)


class _Forgotten:
    """Takes the place of an object that is not needed."""

    def __init__(self, *args: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass


def _placeholder(name: str) -> type:
    module, _, short = name.rpartition('.')
    names = {'__module__': module, '__qualname__': short}
    return type(short, (_Forgotten,), names)


_PLACEHOLDERS = [_placeholder(name) for name in FORGOTTEN]


def read_file(path: str, trust: bool = False) -> Any:
    """Read what ``torch.save`` wrote, onto the CPU.

    Args:
        path (str): A local file; MMEngine's own loader knows URLs.
        trust (bool): Run the programs the file may hold. Never the default,
            and never tried by itself.

    Raises:
        UserError: If it is missing, no checkpoint, or asks to run code.
    """
    if '://' in path:
        raise UserError(
            f'the checkpoint {path} is at a URL; download it and give the '
            'file.'
        )
    # An entered context is process-wide state: it ends with the reading.
    allowed = (
        nullcontext()
        if trust
        else torch.serialization.safe_globals(_PLACEHOLDERS)
    )
    try:
        with allowed:
            content = torch.load(
                path, map_location='cpu', weights_only=not trust
            )
    except FileNotFoundError:
        raise UserError(
            f'the checkpoint {path} does not exist; check the path, training '
            'leaves its checkpoints in the work folder.'
        ) from None
    # A file of other bytes makes the unpickler raise almost anything.
    except Exception as error:
        raise _unreadable(path, error) from None
    return content


def read_checkpoint(path: str, trust: bool = False) -> dict[str, Any]:
    """Read a checkpoint file onto the CPU.

    Args:
        path (str): A local file.
        trust (bool): See :func:`read_file`.

    Raises:
        UserError: If it is missing, no checkpoint, or asks to run code.
    """
    content = read_file(path, trust)
    if not isinstance(content, dict) or 'state_dict' not in content:
        raise UserError(
            f'the file {path} holds no state_dict; give a checkpoint that '
            'training wrote.'
        )
    return content


def read_weights(path: str, trust: bool = False) -> dict[str, Tensor]:
    """The weights of a checkpoint, or of a file that is nothing but weights.

    Args:
        path (str): A local file.
        trust (bool): See :func:`read_file`.

    Raises:
        UserError: If it can not be read, or holds anything else.
    """
    content = read_file(path, trust)
    for key in ('state_dict', 'model'):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
            break
    if (
        not isinstance(content, dict)
        or not content
        or not all(isinstance(value, Tensor) for value in content.values())
    ):
        raise UserError(
            f'the file {path} holds no weights (names with tensors); give a '
            'checkpoint, or a state_dict that torch.save wrote.'
        )
    return {str(k).removeprefix('module.'): v for k, v in content.items()}


def _unreadable(path: str, error: Exception) -> UserError:
    code = re.search(r'GLOBAL ([\w.]+)', str(error))
    if code:
        return UserError(
            f'the checkpoint {path} asks to run {code[1]}, which data does '
            'not need, and was not loaded; use it only if you trust its '
            'author, with trust (--trust).'
        )
    return UserError(
        f'the checkpoint {path} can not be read, it is damaged or no '
        'checkpoint; copy it again.'
    )
