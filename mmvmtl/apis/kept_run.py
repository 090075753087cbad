"""A folder says whose run it holds, lest another reads its numbers."""

from __future__ import annotations

from pathlib import Path

from mmvmtl.errors import UserError


def refuse_other(text: str, path: Path) -> None:
    """Refuse a folder that holds another run.

    Args:
        text (str): what is to be run: the config with all its options.
        path (Path): the file of that folder which says what was run.

    Raises:
        UserError: if the file says something else, or is missing.
    """
    if not path.is_file() or path.read_text() != text:
        raise UserError(
            f'{path.parent} holds the run of another config, checkpoint or '
            'seed, or of an older version; choose another --work-dir, or '
            'remove that folder.'
        )
