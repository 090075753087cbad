"""What a data set says of its classes, also a joined one."""

from __future__ import annotations

from mmvmtl.errors import UserError


def one_metainfo(dataset: object, data: str) -> dict:
    """The ``metainfo`` of a data set, also of joined ones.

    MMDetection's ``ConcatDataset`` has a list of them where they differ.

    Args:
        dataset (object): A data set; one without metainfo has an empty one.
        data (str): What to call it in the message.

    Raises:
        UserError: If the parts name other classes, or in another order.
    """
    metainfo = getattr(dataset, 'metainfo', {})
    if not isinstance(metainfo, list):
        return metainfo
    first, *others = [
        (
            tuple(part.get('classes') or ()),
            {k: tuple(v) for k, v in (part.get('tasks') or {}).items()},
        )
        for part in metainfo
    ]
    for number, names in enumerate(others, 1):
        if names != first:
            raise UserError(
                f'the data sets that {data} joins must have the same names in '
                f'the same order: number 0 has classes={first[0]} and '
                f'tasks={first[1]}, number {number} has classes={names[0]} '
                f'and tasks={names[1]}; give each '
                'metainfo=dict(classes=..., tasks=...), or join them by '
                'mmvmtl.JoinedDataset'
            )
    return metainfo[0]
