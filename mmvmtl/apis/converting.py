"""What the data set converters share."""

from __future__ import annotations

import json
from pathlib import Path

from mmvmtl.errors import UserError


def write_cocovid(path: str, content: dict) -> str:
    """Write a CocoVID dict; return a line that says how much it holds.

    Raises:
        UserError: If the file can not be written.
    """
    try:
        Path(path).write_text(json.dumps(content))
    except OSError as error:
        raise UserError(
            f'--out {path} can not be written ({error.strerror}); choose a '
            'file in an existing folder you may write to.'
        ) from error
    counts = ', '.join(f'{len(v)} {k}' for k, v in content.items())
    return f'{path}: {counts}'
