"""Write into a checkpoint what it takes to use it without its config."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmvmtl.engine.metainfo import one_metainfo
from mmvmtl.engine.module_names import unwrap
from mmvmtl.registry import HOOKS
from mmvmtl.version import __version__

LIBRARIES = ('torch', 'mmengine', 'mmcv', 'mmdet')


@HOOKS.register_module()
class MetadataHook(Hook):
    """Add ``checkpoint['meta']['mmvmtl']``, made of plain types only.

    MMEngine stores the config as program text, which nobody should have to
    execute. This hook stores data:

    - ``version`` (str): of mmvmtl.
    - ``config`` (dict): the whole config as dicts, lists, tuples, numbers,
      strings, booleans and None.
    - ``classes`` (dict[str, list[str]]): names of every task's classes;
      ``det`` holds the object classes.
    - ``input_size`` (list[int] | None): fixed ``[height, width]`` of the
      network's input in pixels; None if the model has no fixed size.
    - ``libraries`` (dict[str, str]): versions of the libraries below us.
    """

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the metadata, before anything is written."""
        dataset = runner.train_dataloader.dataset
        checkpoint.setdefault('meta', {})['mmvmtl'] = dict(
            version=__version__,
            config=to_plain(runner.cfg.to_dict()),
            classes=task_classes(one_metainfo(dataset, 'train_dataloader')),
            input_size=_input_size(unwrap(runner.model)),
            libraries={
                # torch's is a subclass of str, which is not a plain type.
                name: str(import_module(name).__version__)
                for name in LIBRARIES
            },
        )


def task_classes(metainfo: dict) -> dict[str, list[str]]:
    """Return ``{task: class names}`` of a data set's ``metainfo``."""
    classes = {
        task: [str(name) for name in names]
        for task, names in (metainfo.get('tasks') or {}).items()
    }
    if metainfo.get('classes') is not None:
        classes['det'] = [str(name) for name in metainfo['classes']]
    return classes


def to_plain(value: Any) -> Any:
    """Copy ``value`` with only builtin containers and scalars in it.

    NumPy scalars become numbers; whatever else a config may hold (a path, a
    type, a function) becomes its text.
    """
    if isinstance(value, dict):
        return {_plain_key(k): to_plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        kind = list if isinstance(value, list) else tuple
        return kind(to_plain(item) for item in value)
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    if value is None:
        return None
    if hasattr(value, 'tolist'):
        return to_plain(value.tolist())
    return str(value)


def _plain_key(key: Any) -> str | int:
    return key if type(key) is int else str(key)


def _input_size(model) -> list[int] | None:
    preprocessor = getattr(model, 'data_preprocessor', None)
    size = getattr(preprocessor, 'input_size', None)
    return None if size is None else [int(side) for side in size]
